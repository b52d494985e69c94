"""Work written to the database a batch at a time: often enough that a kill loses little."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

SECONDS = 1.0


def batches(items: Iterable[T], *, size: int = 256, seconds: float = SECONDS) -> Iterator[list[T]]:
    """The items in lists of at most `size`, fewer where gathering them took so long; what has been
    gathered when the items fail, or are interrupted, comes before the error."""
    batch: list[T] = []
    begun = time.monotonic()
    source = iter(items)
    while True:
        try:
            batch.append(next(source))
        except StopIteration:
            break
        except BaseException:
            if batch:
                yield batch
            raise
        if len(batch) >= size or time.monotonic() - begun > seconds:
            yield batch
            batch, begun = [], time.monotonic()
    if batch:
        yield batch
