"""Captions made in a process of their own, which is replaced when it dies, with no request lost.

A decoder that crashes or a system that runs out of memory ends the worker, not the server: what the
worker had not answered is sent to the next one. Requests wait meanwhile, as they do for their turn.
A worker that hangs is ended (see `watchdog`).
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from looksay.errors import WorkerError
from looksay.serve import messages
from looksay.serve.jobs import BrokenError, Job, Offer, Queue
from looksay.serve.ledger import Drop, Ledger, Lost
from looksay.serve.process import Process, keep_signals_away
from looksay.serve.watchdog import Watchdog, beat_seconds
from looksay.serve.worker import Load, log

MOST_FAILURES = 5  # in a row, before requests are refused
MAX_PAUSE_SECONDS = 30.0  # between tries to start a worker that fails to

DEADLY = (
    "The picture ended the process that captions each time it was tried, and is given up. Save it "
    "anew, smaller or in another format, and send that."
)
FAILING = (
    "The process that captions has ended {} times in a row before it answered anything; the "
    "server's log says how. It is started again now and then."
)
BROKEN = "A part of the server has broken down; start it again."


@dataclass
class Life:
    """What became of a worker."""

    end: str = "could not be started"
    error: Exception | None = None  # that kept it from starting
    answers: int = 0
    lost: Lost = Lost(0, [])

    @property
    def fruitless(self) -> bool:
        """Neither did it answer anything, nor had it a picture that may be what killed it."""
        return not self.answers and not self.lost.again and not self.lost.convicted


class Supervisor(Queue):
    """The queue, and the worker behind it.

    The worker starts at once; `wait_until_ready` before anything else. As a context it ends the
    worker, whatever is unanswered.

    Args:
        load: makes the models in the worker; a function of a module, or a partial of one.
        capacity: pictures accepted and not yet done, at most.
        batch_size: pictures captioned at once, at most.
        patience_seconds: of silence, or of one piece of work, before a worker counts as hung.
    """

    def __init__(
        self, load: Load, *, capacity: int, batch_size: int, patience_seconds: float = 120.0
    ):
        super().__init__(capacity)
        self._load, self._batch_size, self._patience = load, batch_size, patience_seconds
        self._ledger = Ledger()
        self._offers: list[Offer] = []
        self._fault = ""
        self._started = threading.Event()  # the first worker is ready, or will never be
        self._start_error: Exception | None = None
        self._ending = threading.Event()
        self._process: Process | None = None
        self._thread = threading.Thread(target=self._run, name="looksay-supervise", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # multiprocessing would wait for the worker there

    def wait_until_ready(self) -> None:
        """Until the models are loaded. Raises what kept them from it; WorkerError where the worker
        died of it."""
        while not self._started.wait(0.2):  # Windows lets no Ctrl-C into a wait
            pass
        if self._start_error is not None:
            raise self._start_error

    @property
    def offers(self) -> Sequence[Offer]:
        return self._offers

    @property
    def fault(self) -> str:
        return self._fault

    @property
    def worker_pid(self) -> int | None:
        """The worker's process; None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def stop(self) -> None:
        with self._left:
            self._stopping = True
            while self._accepted:
                self._left.wait()
        self.close()

    def close(self) -> None:
        """End the worker at once; what it has not answered is never answered."""
        self._ending.set()
        with self._lock:
            if self._process is not None:
                self._process.kill()
        self._thread.join()
        atexit.unregister(self.close)

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, job: Job) -> None:
        self._ledger.add(job)

    # In the supervising thread

    def _run(self) -> None:
        try:
            keep_signals_away()
            self._supervise()
        except Exception as error:
            log.error("supervising the worker went wrong", exc_info=error)
            self._start_error = error
            self._refuse_all(BROKEN)
        finally:
            self._started.set()

    def _supervise(self) -> None:
        failures = 0
        while not self._ending.is_set():
            life = self._live()
            if self._ending.is_set():
                return
            if not self._started.is_set():
                self._start_error = life.error or WorkerError(
                    f"The process that captions {life.end} while it started; perhaps there is not "
                    "enough memory."
                )
                return
            failures = failures + 1 if life.fruitless else 0
            pause = _pause_seconds(failures)
            self.restarts += 1
            log.warning("%s", _report(life, pause))
            for job in life.lost.convicted:
                job.fail(WorkerError(DEADLY))
            if failures >= MOST_FAILURES:
                self._refuse_all(FAILING.format(failures))
            self._ending.wait(pause)

    def _live(self) -> Life:
        """One worker from its start to its end."""
        life = Life()
        try:
            process = Process(self._load, self._batch_size, beat_seconds(self._patience))
        except OSError as error:  # there is no memory for it, or there are too many processes
            life.error = error
            return life
        with self._lock:
            self._process = process
            if self._ending.is_set():
                process.kill()
        sender = threading.Thread(target=self._send_on, args=(process,), daemon=True)
        watchdog = Watchdog(process.kill, self._patience)
        watchdog.start()
        try:
            while True:
                self._hear(process.hear(), life, sender, watchdog)
        except (EOFError, OSError):
            pass
        except Exception as error:
            log.error("the worker says what makes no sense", exc_info=error)
            process.kill()
        life.end = process.wait()
        watchdog.close()
        life.end = watchdog.verdict or life.end
        with self._lock:
            self._process = None
        life.lost = self._ledger.died()
        if sender.ident is not None:
            sender.join()
        process.hang_up()
        return life

    def _hear(
        self, message: dict[str, Any], life: Life, sender: threading.Thread, watchdog: Watchdog
    ) -> None:
        watchdog.heard()
        if "done" in message:
            life.answers += 1
            # the answer first: where it makes no sense the errand stays, for the next worker
            answer = messages.answer_of(message)
            job = self._ledger.answered(message["done"])
            if job is None:
                return
            if isinstance(answer, Exception):
                job.fail(answer)
            else:
                job.succeed(answer)
        elif "worked" in message:
            stage, pictures, seconds = message["worked"]
            self._worked(stage, pictures, seconds)
        elif "busy" in message:
            watchdog.beat(float(message["busy"]))
        elif "failed" in message:
            life.error = messages.error_of(message["failed"])
        else:
            self._offers = messages.offers_of(message["ready"])
            self._fault = ""
            self._started.set()
            watchdog.ready()
            self._ledger.open()
            sender.start()

    def _refuse_all(self, fault: str) -> None:
        """Answer with this sentence whatever waits and whatever comes, until a worker is ready."""
        with self._lock:
            self._fault = fault
            for job in self._ledger.clear():
                job.fail(BrokenError(fault))

    # In a thread of each worker

    def _send_on(self, process: Process) -> None:
        try:
            while (item := self._ledger.take()) is not None:
                if isinstance(item, Drop):
                    process.send(messages.drop_frames(item.number))
                else:
                    process.send(messages.caption_frames(item.number, item.job))
        except OSError:  # it has died, which the supervising thread hears
            pass
        except Exception as error:
            log.error("sending to the worker went wrong", exc_info=error)
            process.kill()


def _pause_seconds(failures: int) -> float:
    """Before the next start: none at first, then 0.2, 0.6, 1.4, ... seconds."""
    return min(0.1 * max(2 ** min(failures, 10) - 2, 0), MAX_PAUSE_SECONDS)


def _report(life: Life, pause: float) -> str:
    """The log's line of a restart."""
    end = life.end if life.error is None else f"could not be started ({life.error})"
    again = f"; unanswered, and sent to the next: {life.lost.again}" if life.lost.again else ""
    given_up = "; a picture that has ended several is given up" if life.lost.convicted else ""
    when = f" in {pause:.1f} s" if pause else ""
    return f"the worker {end}{again}{given_up}; another is started{when}"
