"""What has been handed to a worker and not been answered, so that its death loses nothing.

Errands go to the worker in the order in which they came. What was with a worker when it died goes
to the next one, again in order. What was with two that died is suspect and goes alone, so that only
the picture that kills its worker pays for it: two deaths while it was alone convict it.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from looksay.serve.jobs import Job

DEATHS_TOGETHER = 2
DEATHS_ALONE = 2


@dataclass(eq=False)
class Errand:
    """A job and its number, by which the worker answers."""

    number: int
    job: Job
    deaths: int = 0  # of workers that had it

    @property
    def suspect(self) -> bool:
        return self.deaths >= DEATHS_TOGETHER

    @property
    def convicted(self) -> bool:
        return self.deaths >= DEATHS_TOGETHER + DEATHS_ALONE


class Drop(NamedTuple):
    """The worker need not go on with the errand of this number."""

    number: int


class Lost(NamedTuple):
    """What a death has cost: errands that go to the next worker, and those that do not."""

    again: int
    convicted: list[Job]


class Ledger:
    """Errands that are not answered; for any number of threads. It is shut, and hands nothing out,
    until it is opened for a worker."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        # both in order
        self._unsent: dict[int, Errand] = {}
        self._sent: dict[int, Errand] = {}
        self._drops: deque[Drop] = deque()
        self._is_open = False

    def add(self, job: Job) -> None:
        errand = Errand(next(self._numbers), job)
        with self._changed:
            self._unsent[errand.number] = errand
            self._changed.notify_all()
        job.future.add_done_callback(lambda _: self._drop(errand))

    def open(self) -> None:
        """There is a worker that takes errands."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def take(self) -> Errand | Drop | None:
        """What the worker is to be sent next, waiting for it; None once the worker has died."""
        with self._changed:
            while self._is_open:
                if self._drops:
                    return self._drops.popleft()
                errand = next(iter(self._unsent.values()), None)
                if errand is not None and self._may_go(errand):
                    self._sent[errand.number] = self._unsent.pop(errand.number)
                    return errand
                self._changed.wait()
            return None

    def answered(self, number: int) -> Job | None:
        """The job of an errand that the worker is done with; None where nobody waits for it."""
        with self._changed:
            errand = self._sent.pop(number, None)
            self._changed.notify_all()
        return None if errand is None else errand.job

    def died(self) -> Lost:
        """The worker has died; the ledger is shut."""
        with self._changed:
            self._is_open = False
            self._drops.clear()
            had, self._sent = self._sent, {}
            for errand in had.values():
                errand.deaths += 1
            again = {number: errand for number, errand in had.items() if not errand.convicted}
            self._unsent = again | self._unsent
            self._changed.notify_all()
        return Lost(len(again), [errand.job for errand in had.values() if errand.convicted])

    def clear(self) -> list[Job]:
        """Forget everything; the jobs that wait."""
        with self._changed:
            errands = [*self._sent.values(), *self._unsent.values()]
            self._sent, self._unsent = {}, {}
            self._changed.notify_all()
        return [errand.job for errand in errands]

    def _may_go(self, errand: Errand) -> bool:
        """A suspect goes alone, and nothing goes beside it."""
        if not self._sent:
            return True
        return not errand.suspect and not any(other.suspect for other in self._sent.values())

    def _drop(self, errand: Errand) -> None:
        """Done: where that was not by an answer, nobody waits any more."""
        with self._changed:
            self._unsent.pop(errand.number, None)
            if self._sent.pop(errand.number, None) is not None:
                self._drops.append(Drop(errand.number))
            self._changed.notify_all()
