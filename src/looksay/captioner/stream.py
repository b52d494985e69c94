"""Captions of any number of pictures, in order: reading, backbone and decoding side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar

from looksay.captioner.features import FEW, Features
from looksay.captioner.loading import Loader, Picture, Unreadable

T = TypeVar("T")

Wait = Callable[[], list[Features]]
"""Waits for the features of a batch that are being computed, those of each bundle."""


class Batch(NamedTuple):
    """Pictures numbered from `first` on, and the features of those that could be read."""

    first: int
    pictures: list[Picture | Unreadable]
    features: Wait | None


def stream(
    sources: Iterable[Any],
    *,
    batch_size: int,
    loader: Loader,
    start: Callable[[Sequence[Picture], bool], Wait],
    decode: Callable[[Batch], Iterable[T]],
) -> Iterator[T]:
    """What `decode` makes of each batch, in order.

    While one batch is decoded, the backbone computes the next and the loader reads the one after
    it: no more than three are in memory. `start(pictures, many)` starts the computation; `many`
    says whether there are more than a few in all.
    """
    sources = iter(sources)
    head = list(islice(sources, min(batch_size, FEW)))
    many = len(head) == FEW
    first = 0

    def begin(pictures: list[Picture | Unreadable]) -> Batch:
        nonlocal first
        readable = [picture for picture in pictures if isinstance(picture, Picture)]
        batch = Batch(first, pictures, start(readable, many) if readable else None)
        first += len(pictures)
        return batch

    try:
        parts = _parts(chain(head, sources), batch_size)
        loading = ahead([loader.start(source) for source in part] for part in parts)
        running = ahead(begin([future.result() for future in part]) for part in loading)
        for batch in running:
            yield from decode(batch)
    finally:
        loader.close()


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The items, each made one before it is asked for."""
    waiting: deque[T] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > 1:
            yield waiting.popleft()
    yield from waiting


def _parts(sources: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while part := list(islice(sources, size)):
        yield part
