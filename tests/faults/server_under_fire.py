"""Sends a real `looksay serve` many good and bad requests, and says how it stood them.

    python tests/faults/server_under_fire.py --requests 100000
    python tests/faults/server_under_fire.py --requests 100000 --kill-every 20 -- --timeout 300

Every answer must be the one that its request deserves, the server's memory must not grow, and good
requests must be answered all the while; also where its worker is killed at random moments. A new
one takes a second or two, on a busy machine many: a short --timeout would count against it. Linux.
Ends with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "hostile")]

from hostile_requests import Asked, chooser  # noqa: E402
from running_server import Server, ask, launch  # noqa: E402

CLIENTS = 4


@dataclass
class Report:
    """What came of it."""

    requests: int = 0
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    captioned: int = 0
    kills: int = 0
    lost: int = 0  # without an answer, or with one that is a fault of the server's
    wrong: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    slowest: str = ""
    memory_mb: list[float] = field(default_factory=list)
    worker_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "seconds": round(self.seconds, 1),
            "statuses": dict(sorted(self.statuses.items())),
            "captioned": self.captioned,
            "workers_killed": self.kills,
            "requests_lost": self.lost,
            "wrong": len(self.wrong),
            "first_wrong": self.wrong[:5],
            "slowest_seconds": round(self.slowest_seconds, 2),
            "slowest": self.slowest,
            "memory_mb": _summary(self.memory_mb),
            "worker_memory_mb": _summary(self.worker_mb),
            "open_files": {"first": self.files[0], "last": self.files[-1], "most": max(self.files)},
        }


def _summary(memory_mb: list[float]) -> dict[str, int]:
    return {
        "after_a_tenth": round(memory_mb[len(memory_mb) // 10]),
        "at_the_end": round(memory_mb[-1]),
        "most": round(max(memory_mb)),
    }


class Fire:
    """So many requests from some clients at once, or as many as there is time for; and at least so
    many `kills` of its worker, one in `kill_every` seconds or so."""

    def __init__(
        self, server: Server, requests: int, *, most_seconds: float, seed: int, least_kills: int
    ):
        self._server, self._requests, self._least_kills = server, requests, least_kills
        self._began = time.monotonic()
        self._until = self._began + most_seconds
        self._seed = seed
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.report = Report()

    def run(self, kill_every: float | None) -> Report:
        clients = [
            threading.Thread(target=self._send, args=(chooser(self._seed + number),))
            for number in range(CLIENTS)
        ]
        killer = threading.Thread(target=self._kill, args=(kill_every or 0.0,))
        for thread in [*clients, *([killer] if kill_every else [])]:
            thread.start()
        for client in clients:
            client.join()
        self._over.set()
        if kill_every:
            killer.join()
        self._measure()
        self.report.seconds = time.monotonic() - self._began
        return self.report

    def _send(self, choose: Callable[[], Asked]) -> None:
        while self._next():
            request, asked_at = choose(), time.monotonic()
            try:
                status, body = ask(self._server.port, request.data)
                fault = fault_of(request, status, body)
            except OSError as error:
                status, fault = -1, f"{request.name}: {error!r}"
            self._note(request, status, fault, time.monotonic() - asked_at)

    def _next(self) -> bool:
        """Whether to ask once more."""
        with self._lock:
            report = self.report
            enough = report.requests >= self._requests and report.kills >= self._least_kills
            if enough or time.monotonic() > self._until:
                return False
            report.requests += 1
            if report.requests % max(self._requests // 200, 1) == 1:
                self._measure()
        return True

    def _measure(self) -> None:
        self.report.memory_mb.append(self._server.resident_mb)
        self.report.worker_mb.append(self._server.worker_mb)
        self.report.files.append(self._server.open_files)

    def _note(self, request: Asked, status: int, fault: str, seconds: float) -> None:
        with self._lock:
            report = self.report
            report.statuses[status] += 1
            report.captioned += status == 200 and request.data.startswith(b"POST")
            if seconds > report.slowest_seconds:
                report.slowest_seconds, report.slowest = seconds, request.name
            if fault:
                report.wrong.append(fault)
                report.lost += status <= 0 or status >= 500

    def _kill(self, every: float) -> None:
        """At random moments: one in four soon after another, while a worker is starting perhaps,
        the rest after it has captioned something."""
        chance = random.Random(self._seed)
        while not self._over.is_set():
            captioned = self.report.captioned
            if chance.random() < 0.75:
                while self.report.captioned == captioned and not self._over.wait(0.01):
                    pass
            self._over.wait(chance.uniform(0, 2 * every))
            worker = self._server.worker
            if worker is not None and not self._over.is_set():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                    self.report.kills += 1


def fire(
    server: Server,
    requests: int,
    *,
    most_seconds: float = 1e9,
    seed: int = 1,
    kill_every: float | None = None,
    least_kills: int = 0,
) -> Report:
    """What becomes of so many requests."""
    one = Fire(server, requests, most_seconds=most_seconds, seed=seed, least_kills=least_kills)
    return one.run(kill_every)


def fault_of(request: Asked, status: int, body: bytes) -> str:
    """What is wrong with an answer; "" where it is the one deserved."""
    if status not in request.expected:
        return f"{request.name}: {status} instead of {request.expected}: {body[:200]!r}"
    if b"Traceback" in body or b'File "' in body or b"/site-packages/" in body:
        return f"{request.name}: tells of the server's inside: {body[:200]!r}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--most-seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--kill-every", type=float, metavar="SECONDS", help="kill its worker so often or so"
    )
    parser.add_argument("--folder", type=Path, default=Path("."), help="where its log goes")
    parser.add_argument("serve", nargs="*", help="options of looksay serve")
    options = parser.parse_args()
    server = launch(options.folder, *options.serve)
    try:
        report = fire(
            server,
            options.requests,
            most_seconds=options.most_seconds,
            seed=options.seed,
            kill_every=options.kill_every,
        )
        healthy = ask(server.port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 200
    finally:
        status = server.stop()
    found = report.as_dict() | {
        "healthy": healthy,
        "workers_replaced": server.errors.read_text().count("another is started"),
        "exit_status": status,
        "tracebacks": server.errors.read_text().count("Traceback"),
    }
    print(json.dumps(found, indent=1))
    return int(bool(report.wrong) or not healthy or status != 0 or found["tracebacks"] > 0)


if __name__ == "__main__":
    sys.exit(main())
