"""Rows of input through a pool of workers on Ray Data, each row answered exactly once.

Ray Data starts a batch again when its worker or machine is lost. That a row is answered once, and
not twice or never, is kept account of here: what has no answer after one round goes into the next,
in smaller batches, so that a picture which kills its worker takes no other along.
"""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from looksay.errors import LooksayError, ScaleError
from looksay.scale.cluster import Slots

logger = logging.getLogger(__name__)

NUMBER, FAILURE = "number", "failure"  # columns: of inputs and answers; what no worker can do
TRIES = 2  # of a batch in a round, after the first
ROUNDS = 3
SMALL_BATCHES = 8  # the second round's are so many times smaller; the last one's are single rows


@dataclass(frozen=True, kw_only=True)
class Job:
    """What workers are: a class made once in each, called with a table of at most `batch` inputs,
    that answers a table with the inputs' `number`, or `failure_table`."""

    worker: type
    arguments: dict[str, Any] = field(default_factory=dict)
    batch: int
    slots: Slots


def failure_table(sentence: str) -> Any:
    """A worker's answer where the fault lies in the job itself, so that all must end."""
    import pyarrow as pa

    return pa.table({FAILURE: [sentence]})


def answering(answer: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A worker's `__call__` whose errors, which no other batch would escape, are its answer."""

    @functools.wraps(answer)
    def answer_or_failure(worker: Any, batch: Any) -> Any:
        try:
            return answer(worker, batch)
        except LooksayError as error:
            return failure_table(str(error))
        except MemoryError:  # a smaller batch may do
            raise
        except Exception as error:
            return failure_table(f"A worker met something unexpected ({error!r}).")

    return answer_or_failure


def run_rounds(job: Job, inputs: Any, give_up: Callable[[Any], Any]) -> Iterator[Any]:
    """The answers to a table of inputs, in any order; each is a table.

    give_up: makes the answers to inputs that have none after the last round, because each of their
    workers died. Raises ScaleError where workers cannot be started or say so.
    """
    import pyarrow as pa

    inputs = inputs.append_column(NUMBER, pa.array(range(len(inputs)), pa.int64()))
    waiting = dict.fromkeys(range(len(inputs)))
    for attempt in range(ROUNDS):
        if not waiting:
            return
        if attempt:
            logger.info("%d of them were lost with their workers: once more", len(waiting))
        batch = (job.batch, max(job.batch // SMALL_BATCHES, 1), 1)[attempt]
        with closing(_round(job, inputs.take(list(waiting)), batch)) as answers:
            for answer in answers:
                fresh = [number in waiting for number in answer[NUMBER].to_pylist()]
                answer = answer if all(fresh) else answer.filter(fresh)
                for number in answer[NUMBER].to_pylist():
                    del waiting[number]
                if len(answer):
                    yield answer
    if len(waiting) == len(inputs) > 1:  # it was not for one of them
        raise ScaleError(
            "None of the workers has lived to answer; see Ray's logs (on each machine below "
            "/tmp/ray/session_latest/logs) for the reason, such as too little memory."
        )
    if waiting:
        yield give_up(inputs.take(list(waiting)))


def _round(job: Job, inputs: Any, batch: int) -> Generator[Any, None, None]:
    """The answers that come; some may be missing, or come twice."""
    import ray

    starts = range(0, len(inputs), batch)
    blocks = ray.data.from_arrow([inputs.slice(start, batch).combine_chunks() for start in starts])
    # what waits at a worker dies with it: single rows are where it comes out which one kills
    in_flight = 1 if batch == 1 else 2
    answers = _through_workers(job, blocks, min(job.slots.workers, len(starts)), in_flight)
    try:
        for answer in answers.iter_batches(
            batch_size=None, batch_format="pyarrow", prefetch_batches=0
        ):
            if FAILURE in answer.column_names:
                raise ScaleError(answer[FAILURE][0].as_py())
            yield answer
    except ray.exceptions.RayError as error:
        if _cannot_start(error):
            raise ScaleError(
                f"The workers cannot start: {_last_line(error)}. Install the same looksay, "
                "with the same extras, on every machine of the cluster."
            ) from error
        logger.info("a round of batches ended early: %s", _last_line(error))


def _through_workers(job: Job, blocks: Any, workers: int, in_flight: int) -> Any:
    import ray
    from ray.util.annotations import RayDeprecationWarning

    with warnings.catch_warnings():
        # of `max_task_retries`, without which Ray tries a batch that kills its workers for ever
        warnings.simplefilter("ignore", RayDeprecationWarning)
        return blocks.map_batches(
            job.worker,
            fn_constructor_kwargs=job.arguments,
            batch_size=None,  # a block as it is
            batch_format="pyarrow",
            zero_copy_batch=True,
            compute=ray.data.ActorPoolStrategy(
                # at least one: workers of a lost machine must not be waited for
                min_size=1,
                max_size=workers,
                initial_size=workers,
                max_tasks_in_flight_per_actor=in_flight,
            ),
            num_cpus=job.slots.cpus,
            max_restarts=-1,
            max_task_retries=TRIES,
        )


def _cannot_start(error: BaseException) -> bool:
    return "creation task" in str(error)


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).rstrip(".")
