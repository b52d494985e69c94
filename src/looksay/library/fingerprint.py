"""What a photograph is known by: its bytes' hash; and by what a file is known to be unchanged."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from looksay.errors import ImageError
from looksay.images import DEFAULT_LIMITS, picture_size, read_file

_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Stamp:
    """A file that still has all three was not changed, by all that can be told without reading."""

    bytes: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True)
class Fingerprint:
    """A photograph's content: the SHA-256 of its bytes and its upright size in pixels, None where
    the file tells none."""

    sha256: bytes
    width: int | None
    height: int | None


def take_stamp(path: Path) -> Stamp:
    """The stamp of a file, or of what a link points at; OSError where there is none."""
    status = os.stat(path)
    # SQLite's numbers have 63 bits; Windows gives some files a longer inode, and a clock that went
    # wrong a time after the year 2262
    return Stamp(status.st_size, min(status.st_mtime_ns, _LARGEST), status.st_ino & _LARGEST)


def take_fingerprint(path: Path) -> Fingerprint:
    """Read a file once. ImageError where it cannot be read or is too large for a photograph."""
    data = read_file(path, DEFAULT_LIMITS)
    try:
        width, height = picture_size(data, os.fspath(path))
    except ImageError:  # captioning says why
        return Fingerprint(hashlib.sha256(data).digest(), None, None)
    return Fingerprint(hashlib.sha256(data).digest(), width, height)
