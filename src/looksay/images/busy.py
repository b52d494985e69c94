"""Pictures made to keep a decoder busy: of some megabytes, or much less, and minutes of work.

A JPEG may come in several scans, each of which goes over the whole picture, and a scan without
anything in it takes eleven bytes. Encoders make 4 at most, or 10 to 20 of a progressive picture.
And Pillow goes through the parts of a file one by one in Python, of which a file can have millions
with nothing in them; the largest photographs have some ten thousand.
"""

from __future__ import annotations

import re

MOST_SCANS = 100  # libtiff's own limit
MOST_PARTS = 100_000
MOST_GIF_PARTS = 5000  # 1.2 MB of notes, which Pillow joins in time by the square

_SCAN = b"\xff\xda"
# the next marker of a JPEG; in a scan's data 0xFF is followed by 0 or a restart's number
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_SCAN_CODE, _END_CODE = 0xDA, 0xD9


def busy_work(data: bytes, format_name: str) -> str:
    """What a picture of this format has too much of: "more than 100 scans"; "" where nothing."""
    count = {"JPEG": _jpeg, "PNG": _png, "GIF": _gif}.get(format_name)
    return count(data) if count else ""


def _jpeg(data: bytes) -> str:
    # thumbnails, and films behind the picture, have scans too: only then are they told apart
    many = data.count(_SCAN) > MOST_SCANS
    scans, parts, place = 0, 0, 2
    while parts <= MOST_PARTS:
        found = _MARKER.search(data, place)
        start = len(data) if found is None else found.start()
        parts += 1 if scans else 1 + start - place  # noise before the first scan is read bytewise
        if found is None or data[found.end() - 1] == _END_CODE:
            return _too_many_parts(parts)
        if data[found.end() - 1] == _SCAN_CODE:
            scans += 1
            if not many:
                return _too_many_parts(parts)
            if scans > MOST_SCANS:
                return f"more than {MOST_SCANS} scans"
        place = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return _too_many_parts(parts)


def _png(data: bytes) -> str:
    parts, place = 0, 8
    while parts <= MOST_PARTS and place + 8 <= len(data):
        parts += 1
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    return _too_many_parts(parts)


def _gif(data: bytes) -> str:
    """Counts what stands before the first frame."""
    flags = data[10] if len(data) > 10 else 0
    parts, place = 0, 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while parts <= MOST_GIF_PARTS and place < len(data) and data[place] not in b",;":
        parts += 1
        if data[place : place + 1] != b"!":
            place += 1
            continue
        place += 2
        while parts <= MOST_GIF_PARTS and place < len(data) and data[place]:
            parts += 1
            place += 1 + data[place]
        place += 1
    return _too_many_parts(parts, MOST_GIF_PARTS)


def _too_many_parts(parts: int, most: int = MOST_PARTS) -> str:
    return f"more than {most:,} parts" if parts > most else ""
