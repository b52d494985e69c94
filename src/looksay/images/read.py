"""The bytes of a picture and what kind of picture they are, judged by their first bytes."""

from __future__ import annotations

import errno
import io
import os
from typing import BinaryIO

from looksay.errors import DataError, ImageError, ImageKindError, ImageTooLargeError
from looksay.images.limits import ImageLimits
from looksay.images.tars import Member, find_archive, tar_members

_CHUNK_BYTES = 2**20

# First bytes -> Pillow's name of the format. Only these decoders are ever started on foreign
# bytes: some of Pillow's others run outside programs (EPS) or are little tested.
_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
_READS = "JPEG, PNG, WebP, GIF, BMP or TIFF"


class NamedBytes(io.BytesIO):
    """A picture's bytes, with the name that sentences call it by."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def read_file(path: str | os.PathLike[str], limits: ImageLimits) -> bytes:
    """All bytes of a file, or of a member of a tar archive (see tars.py). ImageError where it is
    missing, a folder, unreadable or too large."""
    try:
        with open_file(path) as file:
            member = file.raw if isinstance(file.raw, Member) else None
            size = member.size if member else os.fstat(file.fileno()).st_size
            if size > limits.max_bytes:
                raise _too_many_bytes(os.fspath(path), f"{size / 1e6:,.1f} MB", limits)
            return read_stream(file, os.fspath(path), limits)
    except FileNotFoundError as error:
        raise ImageError(f"{path} does not exist; check its name.") from error
    except IsADirectoryError as error:
        raise ImageError(f"{path} is a folder, not a picture; name a file in it.") from error
    except PermissionError as error:
        if os.path.isdir(path):  # what Windows says of folders
            raise ImageError(f"{path} is a folder, not a picture; name a file in it.") from error
        raise ImageError(f"{path} may not be read; change its permissions.") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{str(path)!r} cannot be read: {reason}.") from error


def open_file(path: str | os.PathLike[str]) -> io.BufferedReader:
    """A file, or a member of a tar archive, to be read. OSError where there is none, ImageError
    where the archive is damaged."""
    try:
        return open(path, "rb")
    except (NotADirectoryError, FileNotFoundError) as error:  # the latter on Windows
        inside = find_archive(path)
        if inside is None:
            raise
        archive, name = inside
        try:
            place = tar_members(archive).get(name)
        except DataError as damage:
            raise ImageError(str(damage)) from damage
        if place is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
        return io.BufferedReader(Member(archive, place))


def read_stream(stream: BinaryIO, name: str, limits: ImageLimits) -> bytes:
    """What is left in a binary stream, refused as soon as it is longer than allowed."""
    chunks, total = [], 0
    while chunk := stream.read(_CHUNK_BYTES):
        if not isinstance(chunk, bytes):
            raise ImageError(f"{name} gives text, not bytes; open it in binary mode ('rb').")
        chunks.append(chunk)
        total += len(chunk)
        if total > limits.max_bytes:
            raise _too_many_bytes(name, f"more than {limits.max_bytes / 1e6:,.1f} MB", limits)
    return b"".join(chunks)


def picture_format(data: bytes, name: str, limits: ImageLimits) -> str:
    """Pillow's name for the format of these bytes. ImageError where they are no picture."""
    if not data:
        raise ImageError(f"{name} is empty (0 bytes); copy or download it again.")
    if len(data) > limits.max_bytes:
        raise _too_many_bytes(name, f"{len(data) / 1e6:,.1f} MB", limits)
    for signature, format_name in _SIGNATURES:
        if data.startswith(signature):
            return format_name
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return "PPM"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        if data[8:12] in (b"avif", b"avis"):
            return "AVIF"
        if data[8:12] in (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"):
            return "HEIF"
    raise ImageKindError(f"{name} {_what_it_is(data)}; looksay reads {_READS} files.")


def _what_it_is(data: bytes) -> str:
    """Says what some bytes are that are no picture, as well as can be told."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return "is an SVG drawing, not a photograph"
    if start.startswith((b"<!doctype html", b"<html")):
        return "holds a web page, not a picture (a download that went wrong?)"
    if start.startswith(b"%pdf"):
        return "is a PDF document, not a picture"
    if b"\x00" not in start and _is_text(data[:1024]):
        return "holds text, not a picture"
    return "is not a picture, or one of an unknown format"


def _is_text(data: bytes) -> bool:
    try:
        data[:-4].decode("utf-8") if len(data) > 4 else data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 8  # cut within a character, no more
    return True


def _too_many_bytes(name: str, size: str, limits: ImageLimits) -> ImageError:
    return ImageTooLargeError(
        f"{name} is too large ({size}; the limit is {limits.max_bytes / 1e6:,.1f} MB); "
        f"shrink it or raise max_bytes."
    )
