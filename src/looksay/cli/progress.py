"""A progress bar on standard error, where someone sits before it and the work is long."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, TypeVar

import click

SECONDS_BEFORE_BAR = 2.0

Item = TypeVar("Item")


class Progress:
    """Counts pictures; problems are printed above the bar, not through it.

    `streamed` pictures, whose names are still coming in, have no total.
    """

    def __init__(self, *, wanted: bool, streamed: bool = False) -> None:
        self._bar: Any = None
        if wanted and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(unit=" pictures", delay=SECONDS_BEFORE_BAR, dynamic_ncols=True)
        self.wants_total = self._bar is not None and not streamed

    def count(self, items: Iterator[Item]) -> Iterator[Item]:
        """The same items, their names read beforehand so that the bar knows how far it is."""
        known = list(items)
        self.expect(len(known))
        return iter(known)

    def expect(self, total: int) -> None:
        """So many pictures will come; only where `wants_total`."""
        self._bar.total = total

    def advance(self) -> None:
        if self._bar is not None:
            self._bar.update()

    def say(self, sentence: str) -> None:
        """One line on standard error."""
        if self._bar is not None:
            self._bar.write(sentence, file=sys.stderr)
        else:
            click.echo(sentence, err=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
