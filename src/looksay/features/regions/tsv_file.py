"""The TSV files of bottom-up features: a picture a line, boxes and features in base64.

Read line by line: the files have up to 100 GB. Two layouts are known by their number of columns:
Anderson et al.'s (image_id, image_w, image_h, num_boxes, boxes, features), and that of LXMERT
(Tan and Bansal 2019), which has each box's class and confidence too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from looksay.errors import FeatureError
from looksay.features.regions.published import (
    MOST_BOXES,
    PublishedRegions,
    as_shares,
    check_features,
    image_id,
)

COLUMNS = {
    6: ("image_id", "image_w", "image_h", "num_boxes", "boxes", "features"),
    10: ("image_id", "image_h", "image_w", "classes", "scores", "attributes", "attribute_scores",
         "num_boxes", "boxes", "features"),
}  # fmt: skip
MOST_LINE_BYTES = 64 << 20
_KEYED_BYTES = 1 << 20


class TsvFiles:
    """One TSV file or several parts of one; see `looksay.features.regions.published`."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)
        with _open(self.paths[0]) as file:
            first = next(_lines(file, self.paths[0]), None)
            if first is None:
                raise FeatureError(f"{self.paths[0]} is empty; download it again")
            self.feature_size = _entry(*first).features.shape[1]

    def identity(self) -> dict[str, Any]:
        """Sizes, and the SHA-256 of the first part's first MiB: the whole would take minutes."""
        with _open(self.paths[0]) as file:
            head = hashlib.sha256(file.read(_KEYED_BYTES)).hexdigest()
        return {"kind": "tsv", "bytes": [path.stat().st_size for path in self.paths], "head": head}

    def read(self, wanted: Mapping[str, Path]) -> Iterator[PublishedRegions]:
        """The wanted entries, in the files' order; FeatureError at a line that is damaged."""
        left = set(wanted)
        for path in self.paths:
            with _open(path) as file:
                for fields, where in _lines(file, path):
                    if not left:
                        return
                    # features are decoded of wanted pictures only
                    if image_id(fields[0].decode("utf-8", "replace")) in left:
                        entry = _entry(fields, where)
                        if entry.features.shape[1] != self.feature_size:
                            raise _damaged(where, "its features are of another size")
                        left.discard(entry.image_id)
                        yield entry


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise FeatureError(f"{path}: cannot be read ({error.strerror})") from error


def _lines(file: BinaryIO, path: Path) -> Iterator[tuple[list[bytes], str]]:
    """Each line's fields, and the words that say where it stands."""
    number = 0
    while line := file.readline(MOST_LINE_BYTES):
        number += 1
        where = f"{path}, line {number}"
        if not line.endswith(b"\n") and len(line) == MOST_LINE_BYTES:
            raise FeatureError(f"{where} is longer than any picture's features; it is no such TSV")
        fields = line.rstrip(b"\r\n").split(b"\t")
        if len(fields) not in COLUMNS:
            raise _damaged(where, f"it has {len(fields)} columns, not 6 or 10")
        yield fields, where


def _entry(fields: list[bytes], where: str) -> PublishedRegions:
    named = dict(zip(COLUMNS[len(fields)], fields, strict=True))
    try:
        count = int(named["num_boxes"])
        size = float(named["image_w"]), float(named["image_h"])
        if not 1 <= count <= MOST_BOXES or min(size) < 1:
            raise ValueError(f"it gives {count} boxes in a picture of {size[0]:g} x {size[1]:g}")
        boxes = _floats(named["boxes"], count, "boxes")
        features = check_features(_floats(named["features"], count, "features"), where)
        scores = classes = None
        if "scores" in named:
            scores = _floats(named["scores"], count, "scores")[:, 0]
            classes = np.frombuffer(_bytes(named["classes"]), "<i8")
        if boxes.shape[1] != 4:
            raise ValueError(f"its boxes have {boxes.shape[1]} numbers each")
        return PublishedRegions(
            image_id(named["image_id"].decode("utf-8", "replace")),
            as_shares(boxes, size, scores, classes),
            features,
        )
    except ValueError as error:
        raise _damaged(where, str(error)) from error


def _floats(text: bytes, count: int, what: str) -> np.ndarray:
    """float32 (count, values of each), as base64 has it."""
    data = _bytes(text)
    if not data or len(data) % (4 * count):
        raise ValueError(f"its {what} are {len(data)} bytes, which do not divide by {count} boxes")
    return np.frombuffer(data, "<f4").reshape(count, -1)


def _bytes(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"its base64 is broken: {error}") from error


def _damaged(where: str, reason: str) -> FeatureError:
    return FeatureError(
        f"{where} is damaged or cut short ({reason}); download it again: the pictures before it "
        "are kept"
    )
