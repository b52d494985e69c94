"""A worker's process, from the server's side."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterable
from typing import Any

from looksay.serve import messages, worker

END_SECONDS = 10.0  # for a worker that has hung up, to end


class Process:
    """A worker that has been started, and the connection to it. OSError where the system has no
    room for another process."""

    def __init__(self, load: worker.Load, batch_size: int, beat_seconds: float):
        # never forked: the server has threads, and a fork copies the locks that they hold
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        try:
            self._process = context.Process(
                target=worker.main,
                args=(theirs, load, batch_size, beat_seconds),
                name="looksay-worker",
                daemon=True,
            )
            self._process.start()
        except BaseException:
            self._connection.close()
            raise
        finally:
            theirs.close()  # so that the worker's end is the connection's end

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def send(self, frames: Iterable[bytes]) -> None:
        """OSError where it has died."""
        for frame in frames:
            self._connection.send_bytes(frame)

    def hear(self) -> dict[str, Any]:
        """Its next message, waiting for it. EOFError or OSError where it has died, ValueError where
        it says what is no message."""
        return messages.unpacked(self._connection.recv_bytes(messages.MAX_ANSWER_BYTES))

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> str:
        """How it ended, as "was ended by SIGKILL"; killed if it hangs on."""
        self._process.join(END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        return _how(self._process.exitcode or 0)

    def hang_up(self) -> None:
        """Once nobody sends any more."""
        self._connection.close()


def _how(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def keep_signals_away() -> None:
    """Processes that this thread starts have Ctrl-C and SIGTERM blocked from their first moment.

    Both may go to a whole group of processes, and a worker has to finish what the server took.
    Where the system cannot do this, the worker ignores them a moment after its start.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # starting it lets the signals in again
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
