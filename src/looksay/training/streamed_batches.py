"""Batches whose pictures come out of shards anew in every epoch (`features.streamed`).

Which pictures make which batch is planned before an epoch from the captions alone, as it is for
stored features: the shards come in an order of their own, the pictures of a shard one behind
another, and the plan divides their arrival into windows, each as large as the buffer. Within a
window it is the plan of `CaptionBatches`, and a window of all pictures gives its very batches.

While one window's batches are trained on, the next window's pictures take the room that these
leave, so that the buffer is never larger than a window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from looksay.features.store import ROW_TYPE
from looksay.features.streaming import Chunk
from looksay.text import PAD
from looksay.training.batches import CaptionBatches
from looksay.training.feature_buffer import FeatureBuffer, Taken, explain

logger = logging.getLogger(__name__)

ReadEpoch = Callable[[Sequence[int], Sequence[int]], Generator[Chunk, None, None]]
"""Features of pictures, in the order that they are named in; for each the number of its view."""


class StreamedBatches(CaptionBatches):
    """`CaptionBatches` for pictures that arrive. Batches are to be asked for in order, each once or
    again before the next one: to go back reads the epoch anew, to skip reads what lies between.

    read: makes the features. row_shape: (P, D) of one picture. views: for each picture the numbers
    of those that it may be shown by. shards: for each picture the number of its shard, rising.
    buffer_pictures: how many pictures' features are held, rounded down to whole batches.

    A picture that cannot be read counts for nothing, and is told of once.
    """

    def __init__(
        self,
        read: ReadEpoch,
        row_shape: tuple[int, ...],
        views: Sequence[Sequence[int] | np.ndarray],
        captions: Sequence[Sequence[Sequence[int]]],
        *,
        shards: Sequence[int],
        buffer_pictures: int,
        batch_pictures: int = 32,
        **options: Any,
    ) -> None:
        self._read = read
        self._window = max(buffer_pictures // batch_pictures, 1) * batch_pictures
        # where each shard's pictures begin, and the last one's end
        numbers, starts = np.unique(shards, return_index=True)
        self._of_shard = np.split(np.arange(len(shards)), starts[1:]) if len(numbers) else []
        self._buffer: FeatureBuffer | None = None
        self._next = 0  # the batch that the buffer is asked for next
        self._last: tuple[int, Taken] | None = None
        self._told: set[int] = set()
        self.most_held = 0  # pictures in the buffer at once, so far
        super().__init__(
            np.zeros((0, *row_shape), ROW_TYPE),
            views,
            captions,
            batch_pictures=batch_pictures,
            **options,
        )

    def __getitem__(self, index: int) -> tuple[dict[str, Any], np.ndarray]:
        inputs, targets = super().__getitem__(index)
        targets[~self.seen(self.pictures(index))] = PAD
        return inputs, targets

    def features_of(self, pictures: np.ndarray) -> np.ndarray:
        """The features (B, P, D) float32 of a batch's pictures, which come next."""
        index = self._batch_of[int(pictures[0])]
        if self._last is None or self._last[0] != index:
            try:
                self._last = index, self._take(index)
            except Exception as error:
                self.failure = explain(error)
                if self.failure is error:
                    raise
                raise self.failure from error
        return self._last[1].features

    def seen(self, pictures: np.ndarray) -> np.ndarray:
        """Which of the batch's pictures (B,) could be read, after its features."""
        self.features_of(pictures)
        assert self._last is not None
        return ~self._last[1].unreadable

    def close(self) -> None:
        """End what reads pictures in the background."""
        if self._buffer is not None:
            self._buffer.close()
            self.most_held = max(self.most_held, self._buffer.most_held)
        self._buffer, self._next = None, 0

    def _take(self, index: int) -> Taken:
        if index < self._next:
            self.close()
        if self._buffer is None:
            views = [int(view) for view in self._rows_of(self._arrival)]
            chunks = self._telling(self._read(self._arrival.tolist(), views))
            self._buffer = FeatureBuffer(chunks, self._window, self.features.shape[1:])
        while True:
            taken = self._buffer.take(self._batches[self._next].tolist())
            self._next += 1
            if self._next > index:
                return taken

    def _telling(self, chunks: Generator[Chunk, None, None]) -> Generator[Chunk, None, None]:
        with closing(chunks):
            for chunk in chunks:
                for number, sentence in chunk.problems.items():
                    if number not in self._told:
                        logger.warning("%s It counts for nothing.", sentence)
                    self._told.add(number)
                yield chunk

    def _plan(self) -> None:
        self.close()
        self._last = None
        super()._plan()
        self._batch_of = {int(of[0]): number for number, of in enumerate(self._batches)}

    def _arrange(
        self, random: np.random.Generator, stairs_P: np.ndarray, lengths_PC: np.ndarray
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        self._arrival = self._arrive()
        batches, stairs = [], []
        for start in range(0, len(self._arrival), self._window):
            window = self._arrival[start : start + self._window]
            if self.shuffle:
                window = np.sort(window)
            cut, steps = super()._arrange(random, stairs_P[window], lengths_PC[window])
            batches += [window[batch] for batch in cut]
            stairs += steps
        return batches, stairs

    def _arrive(self) -> np.ndarray:
        """The pictures in the order in which an epoch reads them."""
        if not self.shuffle:
            return np.arange(len(self.captions))
        # numbers of its own: those of the plan are used as they are for stored features
        random = np.random.default_rng((self.seed, self.epoch, len(self._of_shard)))
        return np.concatenate([self._of_shard[n] for n in random.permutation(len(self._of_shard))])
