"""Unpacking: first all of it into a folder beside the archive, then into its place.

The data set's folder changes only by renaming, so that a folder of photographs that is there is
whole. A run killed in the middle leaves files that the next run compares with the archive's CRCs
and does not write again.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from looksay.data.download.archives import in_words
from looksay.data.download.fetch import bytes_bar
from looksay.data.download.members import Member, open_members, unpacked_size
from looksay.errors import DataError

CHUNK = 1 << 20


def staging_folder(path: Path) -> Path:
    """Where the archive at `path` is unpacked before its files are put in place."""
    return path.with_name(f"{path.name}.unpacking")


def staged_size(path: Path) -> int:
    """Bytes of the archive at `path` that a stopped run has unpacked already."""
    files = staging_folder(path).rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def unpack(
    path: Path,
    folder: Path,
    *,
    into: str = "",
    members: tuple[str, ...] = (),
    progress: bool = False,
) -> None:
    """Unpack the archive at `path` into `folder`, or into its folder `into`.

    members: the only files wanted; () is all of them. Raises DataError for an archive that is
    damaged or hostile, or that the disk has no room for; nothing is in place then.
    """
    staging = staging_folder(path)
    with _cleared_if_bad(staging):
        total = unpacked_size(path)
    _check_room(path, folder, total)
    with (
        _cleared_if_bad(staging),
        open_members(path) as found,
        bytes_bar("unpacking", total, done=0, wanted=progress) as bar,
    ):
        for member in _wanted(found, members, path):
            place = Path(into, member.name)
            if not (_is_same(staging / place, member) or _is_same(folder / place, member)):
                _write(staging / place, member)
            bar.update(member.size)
    _put_in_place(staging, folder)


@contextmanager
def _cleared_if_bad(staging: Path) -> Iterator[None]:
    """What a bad archive left would be put in place with a good one; a stopped run's stays."""
    try:
        yield
    except DataError:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _wanted(found: Iterable[Member], names: tuple[str, ...], path: Path) -> Iterator[Member]:
    """The members of these names, or all; DataError where there is none, or one twice."""
    seen: set[str] = set()
    for member in found:
        if names and member.name not in names:
            continue
        if member.name in seen:
            raise DataError(f"{path} holds {member.name!r} twice, so it is damaged; delete it.")
        seen.add(member.name)
        yield member
    if not seen:
        raise DataError(
            f"{path} does not hold {', '.join(names) or 'any file'}, so it is not the archive it "
            "should be; delete it."
        )


def _check_room(path: Path, folder: Path, total: int | None) -> None:
    free = shutil.disk_usage(folder).free + staged_size(path)
    if total is not None and total > free:
        raise DataError(
            f"{path} unpacks to {in_words(total)} and {folder} has {in_words(free)} left; "
            "free some space and run the same command again."
        )


def _is_same(path: Path, member: Member) -> bool:
    """Whether the file is there with the same content; never so where the archive has no CRC."""
    if member.crc is None or not path.is_file() or path.stat().st_size != member.size:
        return False
    crc = 0
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            crc = zlib.crc32(data, crc)
    return crc == member.crc


def _write(path: Path, member: Member) -> None:
    """Write the file; reading a member to its end checks its CRC."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with member.open() as source, path.open("wb") as file:
        shutil.copyfileobj(source, file, CHUNK)


def _put_in_place(staging: Path, folder: Path) -> None:
    if not staging.exists():  # every file was in its place already
        return
    if hasattr(os, "sync"):
        os.sync()  # or a power cut could leave names of files without their content
    _move(staging, folder)
    staging.rmdir()


def _move(source: Path, target: Path) -> None:
    """Move what is in one folder into another: folders whole where none of the name is there."""
    for entry in sorted(source.iterdir()):
        goal = target / entry.name
        if entry.is_dir() and goal.is_dir():
            _move(entry, goal)
            entry.rmdir()
        else:
            os.replace(entry, goal)
