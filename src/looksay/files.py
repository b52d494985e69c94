"""Files and folders written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LEFT_BEHIND = ".unfinished-"  # begins the hidden names of files that were never finished

# in a folder of such a name, while another is replaced
_FILLED = "filled"
_BEFORE = "before-"  # and the name that it had

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)


def replace_file(path: Path, content: bytes, *, mtime_ns: int | None = None) -> None:
    """Puts the content in the file's place in one step, see `replacing`."""
    with replacing(path, mtime_ns=mtime_ns) as temporary:
        temporary.write_bytes(content)


@contextmanager
def replacing(path: Path, *, mtime_ns: int | None = None) -> Iterator[Path]:
    """A file to fill, beside `path` and with its suffix, which then takes its place in one step.

    A link goes on pointing where it did. Mode, owner (where the system lets us) and extended
    attributes stay as they were; the time of change becomes now, or `mtime_ns`. OSError where that
    is impossible; then, and where filling it fails, the file is as before. A kill can leave the
    other one behind, whose hidden name begins with ".unfinished-".
    """
    place, name = Path(os.path.realpath(path)), ""
    try:
        handle, name = tempfile.mkstemp(
            dir=place.parent, prefix=LEFT_BEHIND, suffix=f".{place.name[-40:]}"
        )
        os.close(handle)
        yield Path(name)
        _sync(name)
        _dress(name, place)
        os.utime(name) if mtime_ns is None else os.utime(name, ns=(mtime_ns, mtime_ns))
        os.replace(name, place)
    except BaseException as error:
        if name:
            os.unlink(name)
        if isinstance(error, OSError) and (
            not error.filename or LEFT_BEHIND in str(error.filename)
        ):
            error.filename = os.fspath(path)  # that people know
        raise


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which then takes the place of `folder`.

    Where filling it fails, what is there stays as it is; where taking its place does, OSError.
    Linux exchanges two folders in one step on most file systems. Elsewhere what is there has to be
    moved away first, and a kill right after that leaves nothing there: whoever reads such a folder
    calls `finish_replacing` before, which moves the new one there.
    """
    finish_replacing(folder)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=LEFT_BEHIND))
    filled, before = aside / _FILLED, aside / f"{_BEFORE}{folder.name}"
    try:
        filled.mkdir()
        yield filled
        if not folder.exists():
            filled.rename(folder)
        elif not _exchange(filled, folder):
            _replace_in_two_steps(filled, folder, before)
    finally:
        if folder.exists() or not before.exists():
            shutil.rmtree(aside, ignore_errors=True)


def finish_replacing(folder: Path) -> None:
    """Where a process was killed while it replaced the folder, and there is none: the new one."""
    if folder.exists():
        return
    for aside in folder.parent.glob(f"{LEFT_BEHIND}*"):
        if os.path.exists(aside / f"{_BEFORE}{folder.name}"):
            with suppress(OSError):  # no longer there: finished a moment ago, or long ago
                (aside / _FILLED).rename(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Each gets the other's name, in one step; False where the system cannot do that."""
    import ctypes

    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    paths = os.fsencode(one), os.fsencode(other)
    return renameat2 is not None and not renameat2(_HERE, paths[0], _HERE, paths[1], _EXCHANGE)


def _replace_in_two_steps(filled: Path, folder: Path, before: Path) -> None:
    try:
        folder.rename(before)
        filled.rename(folder)
    except BaseException as error:
        if filled.exists() and before.exists():
            before.rename(folder)
        elif folder.exists() and isinstance(error, FileNotFoundError):
            return  # somebody who read in between has finished it
        raise


def _sync(name: str) -> None:
    with open(name, "rb+") as file:  # Windows syncs only what may be written
        os.fsync(file.fileno())


def _dress(name: str, place: Path) -> None:
    """Gives the new file what the old one has beside its content."""
    if not place.exists():
        os.chmod(name, 0o666 & ~_umask())
        return
    old = place.stat()
    if hasattr(os, "chown") and (old.st_uid, old.st_gid) != _owner(name):
        try:
            os.chown(name, old.st_uid, old.st_gid)
        except PermissionError:  # somebody else's file in a folder of ours: it becomes ours
            pass
    shutil.copystat(place, name)


def _owner(name: str) -> tuple[int, int]:
    status = os.stat(name)
    return status.st_uid, status.st_gid


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
