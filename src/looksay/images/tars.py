"""Pictures inside tar archives, under the paths that they would have if the archive were a folder:
`shards/000.tar/42.jpg` is the member `42.jpg` of `shards/000.tar`.

Nothing is unpacked: a member is read from its place in the archive. Links, devices and holes in an
archive are no pictures.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from looksay.errors import DataError

if TYPE_CHECKING:
    import tarfile

# archives whose members' places are remembered: what is read in order needs one
_REMEMBERED = 8


@dataclass(frozen=True)
class Span:
    """Where a member's bytes lie in its archive."""

    start: int
    size: int


def is_tar_name(name: str | os.PathLike[str]) -> bool:
    """Whether a path or an address is a plain tar's, by its suffix."""
    return os.fspath(name).lower().endswith(".tar")


def find_archive(path: str | os.PathLike[str]) -> tuple[Path, str] | None:
    """The archive that a path leads into, and the member's name there; None where it leads into
    none."""
    whole = Path(os.fspath(path))
    for archive in whole.parents:
        if is_tar_name(archive) and archive.is_file():
            return archive, whole.relative_to(archive).as_posix()
    return None


def tar_members(archive: Path) -> MappingProxyType[str, Span]:
    """The plain files in an archive, in its order; of two of one name the later one, as unpacking
    has it. DataError, naming the archive, where it is damaged, compressed or no tar; OSError where
    it cannot be read."""
    status = os.stat(archive)
    return _members(archive, status.st_size, status.st_mtime_ns)


@lru_cache(_REMEMBERED)
def _members(archive: Path, size: int, _changed: int) -> MappingProxyType[str, Span]:
    import tarfile  # not before: captioning starts without it

    from looksay.images.tar_headers import StrictHeader

    found: dict[str, Span] = {}
    try:
        with tarfile.open(archive, "r:", tarinfo=StrictHeader) as tar:
            for member in tar:
                place = Span(member.offset_data, member.size)
                if place.start + place.size > size:
                    raise tarfile.ReadError("it is cut off")
                name = member_name(member)
                if member.isreg() and not member.issparse():
                    found.pop(name, None)
                    found[name] = place
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise damaged_archive(archive, error) from error
    return MappingProxyType(found)


def member_name(member: tarfile.TarInfo) -> str:
    """A member's path in its archive, without "." parts."""
    return os.path.normpath(member.name).replace(os.sep, "/")


def damaged_archive(archive: object, error: BaseException) -> DataError:
    """What there is to say of an archive that cannot be read as one."""
    return DataError(
        f"{archive} cannot be read as a tar archive ({error}): copy or download it again; "
        "compressed ones (.tar.gz) must be decompressed first."
    )


class Member(io.RawIOBase):
    """A member as a binary stream; closing it closes the archive."""

    def __init__(self, archive: Path, place: Span) -> None:
        self._file = archive.open("rb")
        self._left = self.size = place.size
        self._file.seek(place.start)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        with memoryview(buffer) as view:
            number = self._file.readinto(view.cast("B")[: self._left])
        self._left -= number
        return number

    def close(self) -> None:
        self._file.close()
        super().close()
