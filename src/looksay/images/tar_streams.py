"""A tar archive read once, from its beginning to its end: as it comes over a network."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Generator
from typing import Any, BinaryIO

from looksay.images.tar_headers import StrictHeader
from looksay.images.tars import Span, member_name

BLOCK_BYTES = 2**18  # asked of the stream at once

Streamed = tuple[str, Span, Callable[[int], bytes]]
"""A plain file of an archive: its name, its place, and what reads at most so many bytes of it,
before the next one is asked for."""


def stream_tar(file: BinaryIO, start: int = 0) -> Generator[Streamed, None, None]:
    """The plain files of an archive in its order; one that stands there twice comes twice.

    start: how many bytes of the archive the stream has left out, up to a member. Raises
    tarfile.TarError where the archive is damaged, compressed or no tar, and what the stream raises.
    """
    try:
        with tarfile.open(
            fileobj=file, mode="r|", bufsize=BLOCK_BYTES, tarinfo=StrictHeader
        ) as tar:
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # else it keeps all
                if member.isreg() and not member.issparse():
                    place = Span(start + member.offset_data, member.size)
                    yield member_name(member), place, _reader(tar, member)
    except (ValueError, EOFError) as error:  # the stream's, as where it is shorter than it was
        raise tarfile.ReadError(str(error)) from error


def _reader(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        file: Any = tar.extractfile(member)
        data = file.read(min(most, member.size))
        if len(data) < min(most, member.size):
            raise tarfile.ReadError("it is cut off")
        return data

    return read
