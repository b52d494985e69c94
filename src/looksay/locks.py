"""A lock that one process holds at a time, and that is gone with it, however it ends."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from looksay.files import LEFT_BEHIND

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
    # another thread may end it than began it
    lock = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        if not _take(lock):
            _check_for_locks(Path(path).parent)
            if on_wait is None:
                raise LockTaken(os.fspath(path))
            on_wait()
            while not _take(lock):
                time.sleep(_SECONDS_BETWEEN_TRIES)
        yield
    finally:
        lock.close()


@contextmanager
def sole_writer(path: str | os.PathLike[str]) -> Iterator[None]:
    """Keeps other processes that ask for the same from writing a file meanwhile; LockTaken where
    one is at it.

    The lock is a hidden file beside it, which goes afterwards; a kill may leave it, and it does no
    harm. Where none can be made, or the file system has no locks, nobody is kept out: whether the
    file itself can be written, the writing will tell.
    """
    place = Path(os.path.realpath(path))
    name = hashlib.sha256(os.fsencode(place.name)).hexdigest()[:16]
    with ExitStack() as stack:
        with suppress(OSError, sqlite3.Error):
            while not _hold_passing(place.with_name(f"{LEFT_BEHIND}lock-{name}"), stack):
                pass
        yield


def _hold_passing(path: Path, stack: ExitStack) -> bool:
    """Takes a lock whose file goes with it. False where its last holder has removed the file
    between our opening and our locking it: others would lock another one."""
    made = _make(path)
    if os.name == "nt":  # an open file cannot be removed there, ours or another's
        stack.callback(_remove, path)
    opened = _number(path)
    try:
        stack.enter_context(sole_holder(path))
    except sqlite3.Error:
        if made:
            _remove(path)
        raise
    if opened is None or _number(path) != opened:
        stack.close()
        return False
    if os.name != "nt":
        stack.callback(_remove, path)
    return True


def _make(path: Path) -> bool:
    """False where it was there."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _number(path: Path) -> int | None:
    """Which file it is; None where there is none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _take(lock: sqlite3.Connection) -> bool:
    try:
        lock.execute("PRAGMA journal_mode=OFF")  # nothing is written, and a full disk is no reason
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _check_for_locks(folder: Path) -> None:
    """sqlite3.OperationalError where the file system has no locks: SQLite calls that busy too.

    It tries a file of its own: to close another one on the lock's file would free the lock where
    this process holds it.
    """
    if sys.platform == "win32":
        return
    import fcntl

    with ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile(dir=folder, prefix=LEFT_BEHIND))
        except OSError:  # nothing can be found out here
            return
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:  # nobody else knows the file
            raise sqlite3.OperationalError("the file system has no locks") from error
