"""The headers of tar archives, of which none may be damaged."""

from __future__ import annotations

import tarfile
from typing import Any, Self

MOST_BYTES = 2**40  # of a member; tarfile reads on to wherever a header says that it ends
_CHUNK = 2**16  # bytes read at once behind the end
# what tarfile raises of headers besides its own errors: for numbers that are none, sizes beyond the
# memory, headers that announce headers without end
_OF_NONSENSE = (ValueError, RecursionError, OverflowError, MemoryError)


class StrictHeader(tarfile.TarInfo):
    """For `tarfile.open(..., tarinfo=StrictHeader)`: a header that is damaged, cut off or missing
    raises tarfile.ReadError, where tarfile by itself ends as if all were well, reads one header for
    ever, or raises what is none of its errors. So does one of zeros that is not the end: a hole in
    a file that was copied in part, or archives put together by `cat`."""

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> Self:
        try:
            header = super().fromtarfile(tar)
            header._check_size()  # once more: headers before it may have set another
            return header
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the end, as it should be
            _check_end(tar.fileobj)
            raise
        except (tarfile.HeaderError, *_OF_NONSENSE) as error:
            raise tarfile.ReadError("a header in it is damaged, cut off or missing") from error

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        header._check_size()
        return header

    def _check_size(self) -> None:
        if not 0 <= self.size <= MOST_BYTES:
            raise tarfile.HeaderError(f"no member has {self.size} bytes")


def _check_end(file: Any) -> None:
    """Nothing but zeros stands behind the end."""
    while chunk := file.read(_CHUNK):
        if chunk.count(0) < len(chunk):
            raise tarfile.ReadError("there is more behind its end, or it has a hole")
