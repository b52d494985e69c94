"""A lock that one process holds at a time, and that is gone with it, however it ends."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SECONDS_BETWEEN_TRIES = 0.2


class LockTaken(Exception):
    """Another process has the lock."""


@contextmanager
def sole_holder(
    path: str | os.PathLike[str], *, on_wait: Callable[[], None] | None = None
) -> Iterator[None]:
    """Keeps other processes out of the same lock; `path` is an empty file that stays.

    The lock is SQLite's own, which works on every system. Where another process has it, LockTaken
    is raised; with `on_wait`, that is called once, and the lock waited for. Raises sqlite3.Error
    where the file cannot be made or the file system has no locks.
    """
    lock = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        if not _take(lock):
            if on_wait is None:
                raise LockTaken(os.fspath(path))
            on_wait()
            while not _take(lock):
                time.sleep(_SECONDS_BETWEEN_TRIES)
        yield
    finally:
        lock.close()


def _take(lock: sqlite3.Connection) -> bool:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
