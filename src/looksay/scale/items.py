"""A picture to be done, wherever it lies: a file, an object in a store, a member of a tar."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from looksay.errors import ImageError
from looksay.images import ImageLimits
from looksay.images.open import BYTES_NAME
from looksay.places import is_url, open_place, reason

WHOLE = -1  # the offset of a picture that has a file to itself


class Item(NamedTuple):
    """A picture: the name it goes by in the results, and where its bytes are.

    Args:
        name: as it was given, or found; made valid Unicode, which Parquet demands.
        place: the file's absolute path, or a URL; of a member the tar's.
        identity: changes when the content does: size and time of change, or the store's own tag.
        offset: where its bytes begin in a tar; WHOLE for a file of its own.
        length: of its bytes.
        problem: why it cannot be had, in a sentence; "" where it can.
    """

    name: str
    place: str
    identity: str = ""
    offset: int = WHOLE
    length: int = 0
    problem: str = ""

    @property
    def source(self) -> Path | RangeSource | ImageError:
        """What a captioner takes for it; bytes are not read before the captioner wants them."""
        if self.problem:
            return ImageError(self.problem)
        if self.offset == WHOLE and not is_url(self.place):
            return Path(self.place)
        return RangeSource(self)

    def sentence(self, message: str) -> str:
        """A captioner's message about it, by the name that the user knows."""
        return message.replace(BYTES_NAME, self.name).replace(self.place, self.name)


class RangeSource:
    """A picture's bytes in a tar or in an object store, as a stream that is read once.

    A captioner's loading threads read it, so that waiting for a store costs no worker.
    """

    def __init__(self, item: Item) -> None:
        self._item = item

    def read(self, most: int = ImageLimits().max_bytes + 1) -> bytes:
        """All bytes, at most `most`. ImageError where they cannot be had."""
        item = self._item
        start = max(item.offset, 0)
        end = start + min(item.length, most)
        try:
            fs, path = open_place(item.place)
            data = fs.cat_file(path, start=start, end=end) if end > start else b""
        except Exception as error:  # each store has errors of its own
            raise ImageError(f"{item.name} cannot be read: {reason(error)}.") from error
        if len(data) < end - start:
            raise ImageError(
                f"{item.name} has changed or been cut short since it was listed; run the same "
                "command again."
            )
        return data


def valid_name(name: str) -> str:
    r"""A name as Parquet can hold it: bytes that are no UTF-8 become `\udcXX`."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def to_table(items: Iterable[Item]) -> Any:
    """The items as an Arrow table, which workers are sent."""
    import pyarrow as pa

    columns = list(zip(*items, strict=True)) or [()] * len(Item._fields)
    arrays = dict(zip(Item._fields, columns, strict=True))
    return pa.table(
        {
            "name": pa.array(arrays["name"], pa.string()),
            # paths may hold any bytes
            "place": pa.array([os.fsencode(place) for place in arrays["place"]], pa.binary()),
            "identity": pa.array(arrays["identity"], pa.string()),
            "offset": pa.array(arrays["offset"], pa.int64()),
            "length": pa.array(arrays["length"], pa.int64()),
            "problem": pa.array(arrays["problem"], pa.string()),
        }
    )


def from_table(table: Any) -> Iterator[Item]:
    """The items of such a table."""
    columns = [table[field].to_pylist() for field in Item._fields]
    for name, place, *rest in zip(*columns, strict=True):
        yield Item(name, os.fsdecode(place), *rest)
