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
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from looksay.captioner import Caption, Captioner
from looksay.captioner.features import FEW, Features
from looksay.captioner.loading import Picture, num_loading_threads
from looksay.serve.jobs import Job, Observe, Offer, Queue
from looksay.serve.line import Line
from looksay.serve.models import named, offer, warm_up

RUNS_IN_FLIGHT = 2  # of a backbone: one computes while the next is handed over

Wait = Callable[[], list[Features]]


class Batcher(Queue):
    """The queue and the threads behind it, in this process.

    Args:
        captioners: the models, by their names; the first is the default.
        capacity: pictures accepted and not yet done, at most.
        batch_size: pictures captioned at once, at most.
    """

    def __init__(
        self,
        captioners: Mapping[str, Captioner],
        *,
        capacity: int,
        batch_size: int,
        observe: Observe | None = None,
    ):
        super().__init__(capacity, observe)
        self._captioners, self._batch_size = captioners, batch_size
        self._offers = [offer(captioner) for captioner in captioners.values()]
        self._to_look: Line[Job] = Line(lambda job: not job.dropped)
        self._to_say: Line[Job] = Line(lambda job: not job.dropped)
        self._begun: dict[object, float] = {}  # when each piece of work that goes on began
        self._readers = ThreadPoolExecutor(num_loading_threads(), "looksay-read")
        self._threads = [
            threading.Thread(target=self._look_on, name="looksay-look", daemon=True),
            threading.Thread(target=self._say_on, name="looksay-say", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def offers(self) -> Sequence[Offer]:
        return self._offers

    @property
    def fault(self) -> str:
        if self._stopping or all(thread.is_alive() for thread in self._threads):
            return ""
        return "A part of the server has broken down; start it again."

    @property
    def busy_seconds(self) -> float:
        """For how long the oldest piece of work has been going on; 0 where there is none."""
        begun = list(self._begun.values())  # in one step: threads add and remove
        return time.perf_counter() - min(begun) if begun else 0.0

    def stop(self) -> None:
        """Take nothing more, finish what was taken, and end the threads."""
        with self._lock:
            self._stopping = True
        self._readers.shutdown(wait=True)
        self._to_look.close()
        for thread in self._threads:
            thread.join()

    def _begin(self, job: Job) -> None:
        self._readers.submit(self._read, job)

    def _begin_work(self) -> object:
        """The name of a piece of work that begins now."""
        piece = object()
        self._begun[piece] = time.perf_counter()
        return piece

    def _end_work(self, piece: object) -> float:
        """The seconds that it took."""
        return time.perf_counter() - self._begun.pop(piece)

    # Stage 1, in the pool

    def _read(self, job: Job) -> None:
        if job.dropped:
            return
        piece = self._begin_work()
        try:
            job.picture = self._captioners[job.model].read(job.source)
        except Exception as error:
            job.fail(error)
            return
        finally:
            self._worked("read", 1, self._end_work(piece))
        self._to_look.put(job)

    # Stage 2, in a thread of its own

    def _look_on(self) -> None:
        running: deque[tuple[list[Job], Wait, object]] = deque()
        again: deque[Job] = deque()  # each of them alone
        while True:
            if again:
                group, many = [again.popleft()], False
            else:
                group = self._to_look.take(self._batch_size, _same_model, wait=not running)
                many = self._accepted >= FEW
            if group:
                piece = self._begin_work()
                running.append((group, self._look(group, many=many), piece))
            elif not running:
                self._to_say.close()
                return
            if not group or len(running) >= RUNS_IN_FLIGHT:
                again.extend(self._finish_looking(*running.popleft()))

    def _look(self, group: list[Job], *, many: bool) -> Wait:
        """Starts; what goes wrong is raised by waiting."""
        try:
            return self._captioners[group[0].model].look(_pictures(group), many=many)
        except Exception as error:
            failure = error

        def wait() -> list[Features]:
            raise failure

        return wait

    def _finish_looking(self, group: list[Job], wait: Wait, piece: object) -> list[Job]:
        """Those to try again."""
        try:
            seen = wait()
        except Exception as error:
            self._end_work(piece)
            return _to_try_again(group, error)
        self._worked("look", len(group), self._end_work(piece))
        for place, job in enumerate(group):
            job.seen = [features.of(place) for features in seen]
            self._to_say.put(job)
        return []

    # Stage 3, in a thread of its own

    def _say_on(self) -> None:
        while group := self._to_say.take(self._batch_size, _same_options, wait=True):
            self._say(group)

    def _say(self, group: list[Job]) -> None:
        piece = self._begin_work()
        try:
            captions = self._captions(group)
            records = [
                caption.to_json(job.attention) for job, caption in zip(group, captions, strict=True)
            ]
        except Exception as error:
            self._end_work(piece)
            for job in _to_try_again(group, error):
                self._say([job])
            return
        self._worked("say", len(group), self._end_work(piece))
        for job, record in zip(group, records, strict=True):
            job.succeed(record)

    def _captions(self, group: list[Job]) -> list[Caption]:
        first = group[0]
        seen = [Features.join(parts) for parts in zip(*(job.seen for job in group), strict=True)]
        # without a seed the numbers only have to differ
        alike = first.options.seed is None
        numbers = range(len(group)) if alike else [job.number for job in group]
        captioner = self._captioners[first.model]
        return captioner.say(_pictures(group), seen, first.options, list(numbers))


def open_batcher(captioners: Sequence[Captioner], *, capacity: int, batch_size: int) -> Batcher:
    """A batcher of models that are ready. UsageError for two of one name, BundleError for one that
    cannot be run."""
    by_name = named(captioners)
    warm_up(captioners, batch_size)
    return Batcher(by_name, capacity=capacity, batch_size=batch_size)


def _to_try_again(group: list[Job], error: Exception) -> list[Job]:
    """One bad picture must not fail those beside it: each is tried alone; one alone has failed."""
    if len(group) > 1:
        return group
    group[0].fail(error)
    return []


def _pictures(group: list[Job]) -> list[Picture]:
    return [job.picture for job in group if job.picture is not None]


def _same_model(job: Job) -> Hashable:
    return job.model


def _same_options(job: Job) -> Hashable:
    return job.model, job.options
