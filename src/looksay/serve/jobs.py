"""Pictures to caption, and the queue that takes them, whoever works on it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from looksay.decoding import DecodingOptions

if TYPE_CHECKING:  # heavy, and only those that caption need them
    from looksay.captioner.features import Features
    from looksay.captioner.loading import Picture

Observe = Callable[[str, int, float], None]
"""`observe(stage, pictures, seconds)` hears of every piece of work."""


class QueueFullError(Exception):
    """No place for so many pictures now; try again after `retry_seconds`."""

    def __init__(self, retry_seconds: float):
        super().__init__(f"the queue is full; try again in {retry_seconds:.0f} s")
        self.retry_seconds = retry_seconds


class StoppedError(Exception):
    """The service is going down and takes nothing more."""


class BrokenError(Exception):
    """Nothing can be captioned at the moment; the message is a sentence for the client."""


@dataclass(frozen=True)
class Offer:
    """A model as requests choose it: its name, its own options, and what /v1/models says of it."""

    name: str
    options: DecodingOptions
    description: dict[str, Any]


@dataclass(eq=False)
class Job:
    """One picture on its way to its caption; cancel `future` and no more is done for it.

    The future gives the caption's record of JSON schema 1, with `attention` if that is wanted.
    """

    model: str
    source: bytes
    options: DecodingOptions
    number: int = 0  # its place in its request, by which samples are drawn
    attention: bool = False
    future: Future[dict[str, Any]] = field(default_factory=Future)
    # how far it has come where it is captioned
    picture: Picture | None = None
    seen: list[Features] = field(default_factory=list)

    @property
    def dropped(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.future.cancelled()

    def fail(self, error: BaseException) -> None:
        try:
            self.future.set_exception(error)
        except InvalidStateError:  # cancelled in the meantime
            pass

    def succeed(self, record: dict[str, Any]) -> None:
        try:
            self.future.set_result(record)
        except InvalidStateError:
            pass


class Queue(ABC):
    """Takes jobs as long as there is room; `capacity` pictures accepted and not yet done.

    `observe` may be replaced. `restarts` counts the processes that had to be replaced.
    """

    observe: Observe
    restarts = 0

    def __init__(self, capacity: int, observe: Observe | None = None):
        self.capacity = capacity
        self.observe = observe or (lambda stage, pictures, seconds: None)
        self._lock = threading.RLock()
        self._left = threading.Condition(self._lock)  # some job is done
        self._accepted = 0
        self._stopping = False
        self._seconds_each = 0.05  # a running mean, for what clients are told to wait

    @property
    @abstractmethod
    def offers(self) -> Sequence[Offer]:
        """The models, at least one; the first is the default."""

    @property
    @abstractmethod
    def fault(self) -> str:
        """Why nothing can be captioned at the moment, a sentence; "" where all is well."""

    @abstractmethod
    def stop(self) -> None:
        """Take nothing more, finish what was taken, and end all work."""

    @abstractmethod
    def _begin(self, job: Job) -> None:
        """Have it worked on; its future says when it is done."""

    @property
    def accepted(self) -> int:
        """Pictures taken and not yet done."""
        return self._accepted

    @property
    def stopping(self) -> bool:
        """Whether nothing more is taken."""
        return self._stopping

    @property
    def retry_seconds(self) -> float:
        """How long what has been accepted will take, roughly; from 1 to 30."""
        return min(max(self._accepted * self._seconds_each, 1.0), 30.0)

    def check_room(self, pictures: int = 1) -> None:
        """Raise what `submit` would raise now for so many."""
        if self._stopping:
            raise StoppedError
        if fault := self.fault:
            raise BrokenError(fault)
        if self._accepted + pictures > self.capacity:
            raise QueueFullError(self.retry_seconds)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take all of these, or none: QueueFullError, StoppedError or BrokenError."""
        with self._lock:
            self.check_room(len(jobs))
            self._accepted += len(jobs)
            for job in jobs:
                job.future.add_done_callback(self._leave)
                self._begin(job)

    def _leave(self, _: Future[dict[str, Any]]) -> None:
        with self._left:
            self._accepted -= 1
            self._left.notify_all()

    def _worked(self, stage: str, pictures: int, seconds: float) -> None:
        """Tell of a piece of work, and learn from it how long clients have to wait."""
        self.observe(stage, pictures, seconds)
        if stage == "say":
            self._seconds_each += 0.1 * (seconds / pictures - self._seconds_each)
