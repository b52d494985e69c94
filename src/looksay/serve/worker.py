"""What runs in the process of a server's worker: the models, and the threads that caption.

It reads errands from its connection and answers them in any order, and ends when the connection
does: a server that is killed leaves no worker behind.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from looksay.errors import LooksayError
from looksay.images import ImageLimits
from looksay.serve import messages
from looksay.serve.jobs import Job, Queue

if TYPE_CHECKING:
    from looksay.captioner import Captioner
    from looksay.serve.batching import Batcher

Load = Callable[[], Sequence["Captioner"]]
"""Makes the models, in the worker; it must be one that multiprocessing can hand over."""

log = logging.getLogger("looksay.serve")


def load_models(
    models: Sequence[str], engine: str, precision: str, limits: ImageLimits
) -> list[Captioner]:
    """Captioners of these bundles; of none, the shipped one."""
    from looksay.captioner import load

    return [
        load(model, engine=engine, precision=precision, limits=limits)
        for model in models or (None,)
    ]


def main(connection: Connection, load: Load, batch_size: int, beat_seconds: float) -> None:
    """The process's whole life; never returns."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # they are meant for the server, which ends this process once it needs it no more
        signal.signal(number, signal.SIG_IGN)
    status = 1
    try:
        worker = _Worker(connection)
        threading.Thread(target=worker.beat_on, args=(beat_seconds,), daemon=True).start()
        worker.run(load, batch_size)
    except (EOFError, OSError):  # the server has gone
        status = 0
    except BaseException:
        log.exception("the worker went wrong")
    finally:
        _exit(status)


def _exit(status: int) -> None:
    """At once: threads may be at work for somebody who is gone."""
    sys.stderr.flush()
    os._exit(status)


class _Worker:
    def __init__(self, connection: Connection):
        self._connection = connection
        self._turn = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._queue: Batcher | None = None

    def beat_on(self, seconds: float) -> None:
        """Tell the server again and again how this process is; never returns."""
        while True:
            time.sleep(seconds)
            if self._queue is not None and self._queue.fault:
                log.error("a part of the worker has broken down")
                _exit(1)
            self._send(messages.beat(self._queue.busy_seconds if self._queue else 0.0))

    def run(self, load: Load, batch_size: int) -> None:
        """Returns where the models cannot be loaded; EOFError once the server is gone."""
        from looksay.serve.batching import open_batcher

        try:
            # the server sees to it that there are not too many
            queue = open_batcher(load(), capacity=sys.maxsize, batch_size=batch_size)
        except Exception as error:
            self._send(messages.failed(error))
            return
        self._queue = queue
        queue.observe = lambda *work: self._send(messages.worked(*work))
        self._send(messages.ready(queue.offers))
        while True:
            self._hear(messages.unpacked(self._connection.recv_bytes()), queue)

    def _hear(self, order: dict[str, Any], queue: Queue) -> None:
        if "drop" in order:
            job = self._jobs.get(order["drop"])
            if job is not None:
                job.future.cancel()
            return
        number, job = order["caption"], messages.job_of(order, self._connection.recv_bytes())
        if job.model not in (offer.name for offer in queue.offers):  # another bundle lies there now
            error = LooksayError(f"There is no model {job.model!r} any more; ask for /v1/models.")
            self._send(messages.went_wrong(number, error))
            return
        self._jobs[number] = job
        job.future.add_done_callback(lambda _: self._answer(number, job))
        queue.submit([job])

    def _answer(self, number: int, job: Job) -> None:
        self._jobs.pop(number, None)
        if job.dropped:
            return
        try:
            message = messages.done(number, job.future.result())
        except Exception as error:
            message = messages.went_wrong(number, error)
        self._send(message)

    def _send(self, message: bytes) -> None:
        """From any thread. Without a server there is nothing left to do."""
        try:
            with self._turn:
                self._connection.send_bytes(message)
        except OSError:
            os._exit(0)
