"""JPEGs made to keep a decoder busy.

A JPEG may come in several scans, each of which goes over the whole picture, and a scan without
anything in it takes eleven bytes: a file of 200 kB can ask for minutes of work. Encoders make 4
scans at most, or 10 to 20 of a progressive picture.
"""

from __future__ import annotations

import re

MOST_SCANS = 100  # libtiff's own limit

_SCAN = b"\xff\xda"
# the next marker behind a scan's data, in which 0xFF is followed by 0 or a restart's number
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_SCAN_MARKER, _END_MARKER = 0xDA, 0xD9


def has_too_many_scans(data: bytes) -> bool:
    """Whether a JPEG has more scans than any encoder makes."""
    if data.count(_SCAN) <= MOST_SCANS:  # thumbnails and films behind the picture have some too
        return False
    scans, place = 0, 2
    while scans <= MOST_SCANS:
        found = _MARKER.search(data, place)
        if found is None or data[found.end() - 1] == _END_MARKER:
            return False
        scans += data[found.end() - 1] == _SCAN_MARKER
        place = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return True
