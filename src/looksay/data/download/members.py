"""The files in a ZIP or TAR archive, none of which is to be trusted.

Only ordinary files with names inside the folder come out: links, devices, absolute names and names
with ".." in them are an error, for no archive of the catalogue has them. What macOS adds to ZIPs is
passed over.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast

from looksay.data.reading import check_name
from looksay.errors import DataError
from looksay.images.tar_headers import StrictHeader

GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20
DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # a compression that this Python does not know
)


@dataclass(frozen=True)
class Member:
    """A file in an archive: its safe name, bytes, CRC-32 (None in a TAR), and how to read it."""

    name: str
    size: int
    crc: int | None
    open: Callable[[], IO[bytes]]


@contextmanager
def open_members(path: Path) -> Iterator[Iterator[Member]]:
    """The archive's files, in its order; each is to be read before the next.

    Raises DataError for an archive that is damaged, or holds what must not be unpacked.
    """
    try:
        if _is_zip(path):
            with zipfile.ZipFile(path) as archive:
                yield _zip_members(archive, path)
        else:
            yield _tar_members(path)
    except (*DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's, such as of a full disk; gzip's and bz2's have no number
        raise DataError(
            f"{path} is damaged ({error}). Delete it and run the same command to fetch it again."
        ) from error


def unpacked_size(path: Path) -> int | None:
    """Bytes of all files in a ZIP together, as its directory says; None for another archive."""
    if not _is_zip(path):
        return None
    with open_members(path) as members:
        return sum(member.size for member in members)


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _zip_members(archive: zipfile.ZipFile, path: Path) -> Iterator[Member]:
    for info in archive.infolist():
        if info.is_dir():
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):  # 0: made where files have no kind
            _refuse(path, info.filename, "is a link or a device")
        if info.flag_bits & 1:
            _refuse(path, info.filename, "is encrypted")
        name = _safe_name(path, info.filename)
        if not _is_litter(name):
            yield Member(name, info.file_size, info.CRC, partial(archive.open, info))


def _tar_members(path: Path) -> Iterator[Member]:
    with (
        _stream(path) as stream,
        tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK, tarinfo=StrictHeader) as archive,
    ):
        for info in archive:
            if info.isdir():
                continue
            if not info.isreg():
                _refuse(path, info.name, "is a link or a device")
            name = _safe_name(path, info.name)
            if not _is_litter(name):
                yield Member(name, info.size, None, partial(_extract, archive, info))
        while stream.read(CHUNK):  # gzip checks its CRC at the very end
            pass


def _stream(path: Path) -> IO[bytes]:
    """The TAR's bytes, decompressed where it is gzipped."""
    file = path.open("rb")
    is_gzip = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    file.close()
    return cast(IO[bytes], gzip.open(path)) if is_gzip else path.open("rb")


def _extract(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    assert file is not None  # only regular files come here
    return file


def _safe_name(path: Path, name: str) -> str:
    try:
        return check_name(name, str(path))
    except DataError:
        _refuse(path, name, "would be written outside of the folder")
        raise


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[0] == "__MACOSX" or parts[-1] == ".DS_Store" or parts[-1].startswith("._")


def _refuse(path: Path, name: str, reason: str) -> None:
    raise DataError(
        f"{path}: {name!r} in it {reason}, so this is not the archive it should be. "
        "Nothing of it was put in place; delete it."
    ) from None
