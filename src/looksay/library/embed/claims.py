"""Keeps two runs from writing into the photographs of one journal at once."""

from __future__ import annotations

import os
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from looksay.errors import EmbedError
from looksay.library.embed.embedding import Wishes
from looksay.locks import LockTaken, sole_writer


class Claims:
    """The journals that only this run may write, each from the first of its photographs to the
    last that is at work: a tree has more folders than a process may hold files open.

    For two threads: one looks for photographs, one writes into them. As a context it lets go of
    everything at its end.
    """

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._guard = threading.Lock()
        self._held: dict[Path, ExitStack] = {}
        self._at_work: Counter[Path] = Counter()
        self._visited: Path | None = None

    def visit(self, photograph: Path) -> None:
        """Is looked at next. EmbedError where another run is at work in its journal."""
        journal = self._journal_of(photograph)
        if journal != self._visited:
            self._begin(journal)
            self.leave()
            self._visited = journal

    def leave(self) -> None:
        """Nothing more is looked at."""
        if self._visited is not None:
            self._end(self._visited)
        self._visited = None

    def begin(self, photograph: Path) -> None:
        """Is at work, until `end`."""
        self._begin(self._journal_of(photograph))

    def end(self, photograph: Path) -> None:
        self._end(self._journal_of(photograph))

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, *_: object) -> None:
        with self._guard:
            for stack in self._held.values():
                stack.close()
            self._held.clear()

    def _journal_of(self, photograph: Path) -> Path:
        return self._wishes.journal_of(Path(os.path.realpath(photograph))).path

    def _begin(self, journal: Path) -> None:
        with self._guard:
            if journal not in self._held:
                self._held[journal] = ExitStack() if self._wishes.dry_run else _claim(journal)
            self._at_work[journal] += 1

    def _end(self, journal: Path) -> None:
        with self._guard:
            self._at_work[journal] -= 1
            if not self._at_work[journal]:
                self._held.pop(journal).close()


def _claim(journal: Path) -> ExitStack:
    stack = ExitStack()
    try:
        stack.enter_context(sole_writer(journal))
    except LockTaken:
        raise EmbedError(
            f"Another `looksay embed` is at work on photographs whose way back is in {journal}; "
            "wait until it has ended, and run again."
        ) from None
    return stack
