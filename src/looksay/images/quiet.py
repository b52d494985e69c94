"""Silence for Pillow's warnings, in this thread only.

`warnings.catch_warnings` swaps the filters of the whole process, so threads that decode pictures
side by side would restore each other's filters. Here one filter is put in once and stays; its
category claims a warning as its own only while the asking thread is inside `quiet()`.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_this_thread = threading.local()
_lock = threading.Lock()


class _WhileQuiet(type):
    def __subclasscheck__(cls, subclass: type) -> bool:
        # type's own rule must hold too: simplefilter() asks whether the category is a Warning.
        return getattr(_this_thread, "depth", 0) > 0 or super().__subclasscheck__(subclass)


class _QuietWarning(Warning, metaclass=_WhileQuiet):
    """Every warning is one of these inside `quiet()`, none outside."""


@contextmanager
def quiet() -> Iterator[None]:
    """Within it this thread's warnings are dropped; other threads and later code keep theirs."""
    with _lock:
        filters = warnings.filters
        if not filters or filters[0][2] is not _QuietWarning:
            warnings.simplefilter("ignore", category=_QuietWarning)
    _this_thread.depth = getattr(_this_thread, "depth", 0) + 1
    try:
        yield
    finally:
        _this_thread.depth -= 1
