"""A photograph's file in parts: what may change when a description is written, and what may not.

Written apart from the program that writes, so that its work is checked by something else.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from PIL import Image, ImageSequence

from looksay.images.quiet import quiet

_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_PHOTOSHOP = b"Photoshop 3.0\x00"  # IPTC is in there
_MULTI_PICTURE = b"MPF\x00"  # where in the file the further pictures begin
_PNG_XMP = b"XML:com.adobe.xmp\x00"
_WEBP_XMP_FLAG = 0x04
_STRIPS = ((273, 279), (324, 325))  # TIFF tags: places and sizes of strips, of tiles


def lasting_parts(data: bytes, kind: str) -> list[bytes]:
    """All parts of a file but its descriptions, in order. ValueError where it is no such file.

    Of JPEG, PNG and WebP these are the file's own segments, and what follows its end; of TIFF the
    compressed strips; of AVIF the decoded pixels, since its items lie anywhere.
    """
    parts = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp, "TIFF": _tiff, "AVIF": _pixels}
    try:
        return list(parts[kind](data))
    except (struct.error, IndexError) as error:
        raise ValueError(f"not a whole {kind} file") from error


def _jpeg(data: bytes) -> Iterator[bytes]:
    place = 2
    while True:
        if data[place] != 0xFF:
            raise ValueError("not a whole JPEG file")
        while data[place + 1] == 0xFF:  # fill bytes
            place += 1
        marker = data[place + 1]
        if marker == 0xDA:  # the picture itself, and whatever a phone hangs on behind it
            yield data[place:]
            return
        (length,) = struct.unpack_from(">H", data, place + 2)
        segment = data[place : place + 2 + length]
        if not _may_change(marker, segment[4:]):
            yield segment
        place += 2 + length


def _may_change(marker: int, body: bytes) -> bool:
    if marker == 0xE1:
        return body.startswith((_XMP, _MORE_XMP))
    if marker == 0xE2:
        return body.startswith(_MULTI_PICTURE)
    return marker == 0xED and body.startswith(_PHOTOSHOP)


def _png(data: bytes) -> Iterator[bytes]:
    place = 8
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        chunk = data[place : place + 12 + length]
        if not (name == b"iTXt" and chunk[8:].startswith(_PNG_XMP)):
            yield chunk
        place += 12 + length
        if name == b"IEND":
            yield data[place:]
            return
    raise ValueError("not a whole PNG file")


def _webp(data: bytes) -> Iterator[bytes]:
    (size,) = struct.unpack_from("<I", data, 4)
    end, place = min(8 + size, len(data)), 12
    while place + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + length]
        if name == b"VP8X":
            # A simple file gets one, which says only that there is XMP now.
            if body[0] & ~_WEBP_XMP_FLAG:
                yield name + bytes([body[0] & ~_WEBP_XMP_FLAG]) + body[1:]
        elif name != b"XMP ":
            yield name + body
        place += 8 + length + length % 2
    yield data[8 + size + size % 2 :]


def _tiff(data: bytes) -> Iterator[bytes]:
    with quiet(), Image.open(io.BytesIO(data), formats=["TIFF"]) as image:
        for frame in ImageSequence.Iterator(image):
            tags = frame.tag_v2  # type: ignore[attr-defined]
            for places, sizes in _STRIPS:
                if places in tags:
                    for place, size in zip(tags[places], tags[sizes], strict=True):
                        yield data[place : place + size]
    yield from _pixels(data)


def _pixels(data: bytes) -> Iterator[bytes]:
    with quiet(), Image.open(io.BytesIO(data), formats=["TIFF", "AVIF"]) as image:
        for frame in ImageSequence.Iterator(image):
            yield f"{frame.mode} {frame.size}".encode() + frame.tobytes()
