"""Features on their way from the thread that makes them to the one that trains.

B pictures, P places, D feature size.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import NamedTuple

import numpy as np

from looksay.errors import LooksayError, TrainingError
from looksay.features.store import ROW_TYPE
from looksay.features.streaming import Chunk

_SECONDS_TO_END = 10.0  # of a thread that is no longer needed


class Taken(NamedTuple):
    """Features (B, P, D) float32 of pictures, and which of them (B,) could not be read: these are
    zeros."""

    features: np.ndarray
    unreadable: np.ndarray


class _Ended(Exception):
    """Nobody takes anything any more."""


class FeatureBuffer:
    """Room for the features of so many pictures, filled from `chunks` by a thread of its own.

    What is taken makes room. Memory: `room` rows of float16, as they are used.
    """

    def __init__(
        self, chunks: Generator[Chunk, None, None], room: int, row_shape: tuple[int, ...]
    ) -> None:
        self._chunks = chunks
        self._rows = np.zeros((room, *row_shape), ROW_TYPE)  # its pages come when they are used
        self._free = list(range(room))
        self._place: dict[int, int | None] = {}  # None: it cannot be read
        self._changed = threading.Condition()
        self._failure: BaseException | None = None
        self._ended = False
        self.most_held = 0  # pictures at once, so far
        self._thread = threading.Thread(target=self._fill, name="looksay-features", daemon=True)
        self._thread.start()

    def take(self, pictures: Sequence[int]) -> Taken:
        """The features of pictures, as soon as all of them are there, and never again.

        Raises what has kept them from being made.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._has(pictures))
            if not self._has(pictures):
                raise self._failure or TrainingError("the photographs ended too early")
            places = [self._place.pop(picture) for picture in pictures]
        features = np.zeros((len(places), *self._rows.shape[1:]), np.float32)
        for row, place in zip(features, places, strict=True):
            if place is not None:
                row[:] = self._rows[place]
        with self._changed:
            self._free += [place for place in places if place is not None]
            self._changed.notify_all()
        return Taken(features, np.array([place is None for place in places]))

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join(_SECONDS_TO_END)

    @property
    def _stopped(self) -> bool:
        return self._ended or self._failure is not None

    def _has(self, pictures: Sequence[int]) -> bool:
        return all(picture in self._place for picture in pictures)

    def _fill(self) -> None:
        try:
            with closing(self._chunks):
                for chunk in self._chunks:
                    self._put(chunk)
            end: BaseException = TrainingError("the photographs ended too early")
        except _Ended:
            return
        except BaseException as error:  # for the one who takes
            end = error
        with self._changed:
            self._failure = end
            self._changed.notify_all()

    def _put(self, chunk: Chunk) -> None:
        with self._changed:  # first: these need no room, and a batch may wait for nothing else
            self._place |= dict.fromkeys(chunk.problems)
            self._changed.notify_all()
        for number, row in zip(chunk.numbers, chunk.features, strict=True):
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._free)
                if self._ended:
                    raise _Ended
                place = self._free.pop()
                self._rows[place] = row
                self._place[number] = place
                self.most_held = max(self.most_held, len(self._rows) - len(self._free))
                # at once: for want of room the next picture may have to wait for what this one
                # completes
                self._changed.notify_all()
        if self._ended:
            raise _Ended


def explain(error: BaseException) -> BaseException:
    """A failure of the shards as one of training, which can go on from the last epoch."""
    if not isinstance(error, LooksayError):
        return error
    sentence = str(error).rstrip(".")
    return TrainingError(f"{sentence}. The epochs before are kept, and --resume goes on from them")
