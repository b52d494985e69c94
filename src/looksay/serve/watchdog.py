"""Ends a worker that hangs: its death is what the supervisor can mend.

The worker beats. Each beat says for how long the oldest of its pieces of work has been going on:
the reading of a picture, a batch in the backbone, the words of a batch. So a thread that is stuck
is seen however well the others do, and pictures that wait for their turn count for nothing. A
process that is stopped, or stuck in code that holds the interpreter's lock, does not beat at all.
One that starts may be stuck and beat: it has a time until which it must be ready.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

START_SECONDS = 300.0  # more patience with a worker that starts: it may compile several models
_BEATS_IN_PATIENCE = 10
_MAX_BEAT_SECONDS = 30.0


def beat_seconds(patience_seconds: float) -> float:
    """Between two beats of a worker."""
    return min(patience_seconds / _BEATS_IN_PATIENCE, _MAX_BEAT_SECONDS)


class Watchdog(threading.Thread):
    """Watches one worker, from its start on.

    Args:
        kill: ends the worker; once more does no harm.
        patience_seconds: of silence, or of one piece of work, before it counts as hung.
            `START_SECONDS` more until it is ready, whatever it says meanwhile.
    """

    def __init__(self, kill: Callable[[], None], patience_seconds: float):
        super().__init__(name="looksay-watch", daemon=True)
        self.verdict = ""  # how the worker hung, where it had to be ended
        self._kill, self._patience = kill, patience_seconds
        self._most_waiting = patience_seconds + START_SECONDS
        self._ready = False
        self._waited = 0.0  # since it was heard; before it is ready, since it was started
        self._lock = threading.Lock()
        self._over = threading.Event()

    def heard(self) -> None:
        """It has said something."""
        with self._lock:
            if self._ready:
                self._waited = 0.0

    def ready(self) -> None:
        """It has started."""
        with self._lock:
            self._ready = True
            self._most_waiting, self._waited = self._patience, 0.0

    def beat(self, busy_seconds: float) -> None:
        """Its oldest piece of work has been going on for so long."""
        if busy_seconds > self._patience:
            self._end(f"hung in a piece of work for {busy_seconds:.0f} s and was ended")

    def close(self) -> None:
        """It has ended, and with it the watch."""
        self._over.set()
        self.join()

    def run(self) -> None:
        # waits are counted, since clocks go on while a machine sleeps, and the worker does not
        seconds = beat_seconds(self._patience)
        while not self._over.wait(seconds):
            with self._lock:
                self._waited += seconds
                if self._waited > self._most_waiting:
                    missed = "gave no sign of life for" if self._ready else "was not ready after"
                    self._end(f"{missed} {self._waited:.0f} s and was ended")

    def _end(self, verdict: str) -> None:
        self.verdict = self.verdict or verdict
        self._kill()
