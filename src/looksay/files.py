"""Files written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LEFT_BEHIND = ".unfinished-"  # begins the hidden names of files that were never finished


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
