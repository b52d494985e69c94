"""Pictures of many requests, captioned together.

A picture goes through three stages, each of them at work on other pictures at the same time: it is
read in a pool of threads, looked at (the backbone, in runs of what is there) and captioned
(decoded, in batches of what is there and has the same options). Nothing waits for a batch to fill:
batches grow because pictures arrive while a stage is busy.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from dataclasses import dataclass, field

from looksay.captioner import Caption, Captioner
from looksay.captioner.features import FEW, Features
from looksay.captioner.loading import Picture, num_loading_threads
from looksay.decoding import DecodingOptions
from looksay.serve.line import Line

RUNS_IN_FLIGHT = 2  # of a backbone: one computes while the next is handed over


class QueueFullError(Exception):
    """No place for so many pictures now; try again after `retry_seconds`."""

    def __init__(self, retry_seconds: float):
        super().__init__(f"the queue is full; try again in {retry_seconds:.0f} s")
        self.retry_seconds = retry_seconds


class StoppedError(Exception):
    """The service is going down and takes nothing more."""


@dataclass(eq=False)
class Job:
    """One picture on its way to its caption; cancel `future` and no more is done for it."""

    captioner: Captioner
    source: bytes
    options: DecodingOptions
    number: int = 0  # its place in its request, by which samples are drawn
    future: Future[Caption] = field(default_factory=Future)
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

    def succeed(self, caption: Caption) -> None:
        try:
            self.future.set_result(caption)
        except InvalidStateError:
            pass


Wait = Callable[[], list[Features]]

Observe = Callable[[str, int, float], None]
"""`observe(stage, pictures, seconds)` hears of every piece of work."""


class Batcher:
    """The queue and the threads behind it.

    Args:
        capacity: pictures accepted and not yet done, at most.
        batch_size: pictures captioned at once, at most.
    """

    def __init__(self, *, capacity: int, batch_size: int, observe: Observe | None = None):
        self.capacity, self._batch_size = capacity, batch_size
        self._observe: Observe = observe or (lambda stage, pictures, seconds: None)
        self._lock = threading.RLock()
        self._accepted = 0
        self._stopping = False
        self._seconds_each = 0.05  # a running mean, for what clients are told to wait
        self._to_look: Line[Job] = Line(lambda job: not job.dropped)
        self._to_say: Line[Job] = Line(lambda job: not job.dropped)
        self._readers = ThreadPoolExecutor(num_loading_threads(), "looksay-read")
        self._threads = [
            threading.Thread(target=self._look_on, name="looksay-look", daemon=True),
            threading.Thread(target=self._say_on, name="looksay-say", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def accepted(self) -> int:
        """Pictures taken and not yet done."""
        return self._accepted

    @property
    def stopping(self) -> bool:
        """Whether nothing more is taken."""
        return self._stopping

    @property
    def alive(self) -> bool:
        """Whether the threads are at work."""
        return self._stopping or all(thread.is_alive() for thread in self._threads)

    @property
    def retry_seconds(self) -> float:
        """How long what has been accepted will take, roughly; from 1 to 30."""
        return min(max(self._accepted * self._seconds_each, 1.0), 30.0)

    def check_room(self, pictures: int = 1) -> None:
        """Raise what `submit` would raise now for so many."""
        if self._stopping:
            raise StoppedError
        if self._accepted + pictures > self.capacity:
            raise QueueFullError(self.retry_seconds)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take all of these, or none: QueueFullError, or StoppedError."""
        with self._lock:
            self.check_room(len(jobs))
            self._accepted += len(jobs)
            for job in jobs:
                job.future.add_done_callback(self._leave)
                self._readers.submit(self._read, job)

    def stop(self) -> None:
        """Take nothing more, finish what was taken, and end the threads."""
        with self._lock:
            self._stopping = True
        self._readers.shutdown(wait=True)
        self._to_look.close()
        for thread in self._threads:
            thread.join()

    def _leave(self, _: Future[Caption]) -> None:
        with self._lock:
            self._accepted -= 1

    # Stage 1, in the pool

    def _read(self, job: Job) -> None:
        if job.dropped:
            return
        began = time.perf_counter()
        try:
            job.picture = job.captioner.read(job.source)
        except Exception as error:
            job.fail(error)
            return
        finally:
            self._observe("read", 1, time.perf_counter() - began)
        self._to_look.put(job)

    # Stage 2, in a thread of its own

    def _look_on(self) -> None:
        running: deque[tuple[list[Job], Wait, float]] = deque()
        while True:
            group = self._to_look.take(self._batch_size, _same_model, wait=not running)
            if group:
                began = time.perf_counter()
                running.append((group, _look(group, many=self._accepted >= FEW), began))
            elif not running:
                self._to_say.close()
                return
            if not group or len(running) >= RUNS_IN_FLIGHT:
                self._finish_looking(*running.popleft())

    def _finish_looking(self, group: list[Job], wait: Wait, began: float) -> None:
        try:
            seen = wait()
        except Exception as error:
            for job in _to_try_again(group, error):
                self._finish_looking([job], _look([job], many=False), time.perf_counter())
            return
        self._observe("look", len(group), time.perf_counter() - began)
        for place, job in enumerate(group):
            job.seen = [features.of(place) for features in seen]
            self._to_say.put(job)

    # Stage 3, in a thread of its own

    def _say_on(self) -> None:
        while group := self._to_say.take(self._batch_size, _same_options, wait=True):
            began = time.perf_counter()
            self._say(group)
            seconds = time.perf_counter() - began
            self._observe("say", len(group), seconds)
            self._seconds_each += 0.1 * (seconds / len(group) - self._seconds_each)

    def _say(self, group: list[Job]) -> None:
        try:
            captions = _say(group)
        except Exception as error:
            for job in _to_try_again(group, error):
                self._say([job])
            return
        for job, caption in zip(group, captions, strict=True):
            job.succeed(caption)


def _to_try_again(group: list[Job], error: Exception) -> list[Job]:
    """One bad picture must not fail those beside it: each is tried alone; one alone has failed."""
    if len(group) > 1:
        return group
    group[0].fail(error)
    return []


def _look(group: list[Job], *, many: bool) -> Wait:
    """Starts; what goes wrong is raised by waiting."""
    try:
        return group[0].captioner.look(_pictures(group), many=many)
    except Exception as error:
        failure = error

    def wait() -> list[Features]:
        raise failure

    return wait


def _pictures(group: list[Job]) -> list[Picture]:
    return [job.picture for job in group if job.picture is not None]


def _say(group: list[Job]) -> list[Caption]:
    first = group[0]
    seen = [Features.join(parts) for parts in zip(*(job.seen for job in group), strict=True)]
    # without a seed the numbers only have to differ
    numbers = range(len(group)) if first.options.seed is None else [job.number for job in group]
    return first.captioner.say(_pictures(group), seen, first.options, list(numbers))


def _same_model(job: Job) -> Hashable:
    return id(job.captioner)


def _same_options(job: Job) -> Hashable:
    return id(job.captioner), job.options
