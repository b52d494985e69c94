"""Pictures read in threads, ahead of what uses them."""

from __future__ import annotations

import dataclasses
import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from looksay.errors import ImageError
from looksay.images import ImageLimits, load_square


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it was given and as the model takes it, uint8 (size, size, 3)."""

    source: Any
    pixels: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Unreadable:
    """A picture that could not be read, and why."""

    source: Any
    error: ImageError


def image_path(source: Any) -> str | None:
    """The path of a picture that was given as one."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else None


def load_picture(source: Any, size: int, limits: ImageLimits) -> Picture:
    """Read one picture; a stream to its end, so that it can be shown later. Raises ImageError,
    the source itself if it is one, as `images.find_images` yields them."""
    if isinstance(source, ImageError):
        raise source
    if hasattr(source, "read") and not isinstance(source, os.PathLike):
        source = source.read(limits.max_bytes + 1)
    return Picture(source, load_square(source, size, limits=limits))


class Loader:
    """A few threads that read pictures; Pillow lets go of the interpreter while it decodes."""

    def __init__(self, size: int, limits: ImageLimits):
        self._size, self._limits = size, limits
        self._pool = ThreadPoolExecutor(num_loading_threads(), "looksay-load")

    def start(self, source: Any) -> Future[Picture | Unreadable]:
        return self._pool.submit(self._load, source)

    def close(self) -> None:
        """Drop what has not been begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _load(self, source: Any) -> Picture | Unreadable:
        try:
            return load_picture(source, self._size, self._limits)
        except ImageError as error:
            return Unreadable(source, error)


def num_loading_threads() -> int:
    """Half of the processors, which leaves the other half to the model; from 2 to 8."""
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    else:
        processors = os.cpu_count() or 2
    return min(max(processors // 2, 2), 8)
