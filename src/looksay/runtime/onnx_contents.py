"""What an ONNX file must not hold: anything that leads to another file.

A tensor of ONNX can say that its numbers lie in a file beside it. Engines follow it, older ones to
any place on the disk, and a bundle's hashes do not cover what lies there. They also take what is no
ONNX at all, such as a description in XML whose numbers lie elsewhere. So the fields of the file are
gone through here, without its numbers, by the rules of Protocol Buffers
(https://protobuf.dev/programming-guides/encoding) and ONNX's own description of its messages
(https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from looksay.errors import BundleError

# The messages by name, and of each the fields that hold another message.
_MODEL, _GRAPH = "model", "graph"
_MESSAGES: dict[str, dict[int, str]] = {
    _MODEL: {7: _GRAPH, 20: "training", 25: "function"},
    "training": {1: _GRAPH, 2: _GRAPH},
    "function": {7: "node", 11: "attribute"},
    _GRAPH: {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: _GRAPH, 10: "tensor", 11: _GRAPH, 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_LOCATION, _ELSEWHERE = 14, 13  # of a tensor: whether its numbers lie elsewhere, and where
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # how a field is written
_MOST_DEPTH = 64  # graphs within attributes of nodes of graphs


class _NoFields(Exception):
    """The bytes are no message."""


def check_onnx(path: Path) -> None:
    """BundleError for a file that is no ONNX graph, or has numbers in another file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path} is no graph that can be read ({error.strerror or error})."
        ) from error
    try:
        found = {number for number, _, _ in _fields(data, 0, len(data))}
        elsewhere = _leads_elsewhere(data)
    except _NoFields:
        found, elsewhere = set(), False
    if 7 not in found:
        raise BundleError(
            f"{path} is no graph in ONNX's form, or is damaged; get the bundle again."
        )
    if elsewhere:
        raise BundleError(
            f"{path} has numbers in another file, which a bundle's graph may not have; it is "
            "refused."
        )


def _leads_elsewhere(data: bytes) -> bool:
    waiting = [(_MODEL, 0, len(data), 0)]
    while waiting:
        kind, start, end, depth = waiting.pop()
        if depth > _MOST_DEPTH:
            raise _NoFields
        inside = _MESSAGES[kind]
        for number, begin, stop in _fields(data, start, end):
            if kind == "tensor" and number in (_LOCATION, _ELSEWHERE):
                if number == _ELSEWHERE or data[begin:stop] != b"\0":
                    return True
            elif number in inside:
                waiting.append((inside[number], begin, stop, depth + 1))
    return False


def _fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The number of each field, and where what it holds begins and ends."""
    while start < end:
        key, start = _varint(data, start, end)
        kind = key & 7
        if kind == _VARINT:
            _, stop = _varint(data, start, end)
        elif kind == _BYTES:
            length, start = _varint(data, start, end)
            stop = start + length
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            stop = start + (8 if kind == _EIGHT_BYTES else 4)
        else:
            raise _NoFields
        if stop > end or key >> 3 == 0:
            raise _NoFields
        yield key >> 3, start, stop
        start = stop


def _varint(data: bytes, start: int, end: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = 0
    for place in range(start, min(start + 10, end)):
        value |= (data[place] & 0x7F) << 7 * (place - start)
        if data[place] < 0x80:
            return value, place + 1
    raise _NoFields
