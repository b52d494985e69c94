"""What the catalogue is made of: archives, and the pieces of a data set that they leave behind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GIGABYTE, MEGABYTE = 1e9, 1e6


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A file of the data set, or a folder with so many files.

    places: paths below the data set's folder; the piece may lie at any of them.
    """

    places: tuple[str, ...]
    num_files: int = 1

    def count(self, folder: Path) -> int:
        """How many of its files are there, at the place that has most."""
        return max(_count_files(folder / place) for place in self.places)

    def is_there(self, folder: Path) -> bool:
        return self.count(folder) >= self.num_files


@dataclass(frozen=True, kw_only=True)
class Archive:
    """An archive at an address, and what becomes of it.

    size: bytes; not exact where nobody has recorded it. checksum: "sha256:..." or "md5:...", None
    where none is known. unpacked_size: about so many bytes of disk. into: the folder below the data
    set's that it is unpacked into. members: the only files wanted of it; () is all of them.
    """

    url: str
    what: str
    size: int
    unpacked_size: int
    pieces: tuple[Piece, ...]
    size_is_exact: bool = True
    checksum: str | None = None
    into: str = ""
    members: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name, the last part of its address."""
        return self.url.rpartition("/")[2]

    def is_there(self, folder: Path) -> bool:
        """Whether everything it would leave is there already."""
        return all(piece.is_there(folder) for piece in self.pieces)


def _count_files(path: Path) -> int:
    """1 for a file, the number of entries for a folder, 0 for nothing."""
    if path.is_dir():
        return sum(1 for _ in path.iterdir())
    return int(path.is_file())


def in_words(num_bytes: float) -> str:
    """19336861798 is "19.34 GB", 2200000 "2.2 MB"."""
    if num_bytes >= 0.1 * GIGABYTE:
        return f"{num_bytes / GIGABYTE:.2f} GB"
    return f"{num_bytes / MEGABYTE:.1f} MB"
