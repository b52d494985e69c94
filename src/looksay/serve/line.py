"""A queue from which things of one kind are taken together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
    """What waits, oldest first; for any number of threads. `wanted` says what is still worth
    handing out: the rest is dropped on the way."""

    def __init__(self, wanted: Callable[[T], bool]):
        self._wanted = wanted
        self._waiting: list[T] = []
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: T) -> None:
        with self._changed:
            self._waiting.append(item)
            self._changed.notify()

    def take(self, most: int, kind: Callable[[T], Hashable], *, wait: bool) -> list[T]:
        """The oldest and those of its kind, up to so many; `wait` for one where there is none.

        An empty list: there is none (and, after waiting, there will be none).
        """
        with self._changed:
            while True:
                self._waiting = [item for item in self._waiting if self._wanted(item)]
                if self._waiting or self._closed or not wait:
                    return self._group(most, kind)
                self._changed.wait()

    def close(self) -> None:
        """What waits is still handed out, then no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _group(self, most: int, kind: Callable[[T], Hashable]) -> list[T]:
        group: list[T] = []
        rest: list[T] = []
        for item in self._waiting:
            same = not group or kind(item) == kind(group[0])
            (group if same and len(group) < most else rest).append(item)
        self._waiting = rest
        return group
