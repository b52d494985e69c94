"""Sends a real `looksay serve` many good and bad requests, and says how it stood them.

    python tests/faults/server_under_fire.py --requests 100000

Every answer must be the one that its request deserves, the server's memory must not grow, and good
requests must be answered all the while. Linux. Ends with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "hostile")]

from hostile_requests import Asked, chooser  # noqa: E402

WAIT_SECONDS = 60.0  # for an answer; on a quiet machine none takes a second
CLIENTS = 4


@dataclass
class Server:
    """A running `looksay serve`."""

    process: subprocess.Popen[str]
    port: int
    errors: Path

    @property
    def resident_mb(self) -> float:
        """The memory that it has now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else 0.0

    @property
    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def stop(self) -> int:
        """Its exit status after SIGTERM."""
        with self.process:
            self.process.terminate()
            return self.process.wait(60)


def launch(folder: Path, *options: str) -> Server:
    """Starts it in a folder, where what it prints goes."""
    errors = folder / "server.log"
    with errors.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "looksay", "serve", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r":(\d+)$", line.strip())
    assert found, line + errors.read_text()
    return Server(process, int(found[1]), errors)


def ask(port: int, data: bytes, seconds: float = WAIT_SECONDS) -> tuple[int, bytes]:
    """The status and the body of the answer to these bytes; status 0 where there is none."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            try:
                connection.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has said no before it heard the end
            while (body := _body(answer)) is None:
                piece = connection.recv(65536)
                if not piece:
                    return 0, answer
                answer += piece
            return int(answer[9:12]), body
    except (ConnectionResetError, BrokenPipeError):
        return (int(answer[9:12]), b"") if answer else (0, b"")


def _body(answer: bytes) -> bytes | None:
    """The body of a whole answer; None where more is to come."""
    head, gap, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    if not gap or len(body) < int(length[1] if length else 0):
        return None
    return body


@dataclass
class Report:
    """What came of it."""

    requests: int = 0
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    slowest: str = ""
    memory_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "seconds": round(self.seconds, 1),
            "statuses": dict(sorted(self.statuses.items())),
            "wrong": len(self.wrong),
            "first_wrong": self.wrong[:5],
            "slowest_seconds": round(self.slowest_seconds, 2),
            "slowest": self.slowest,
            "memory_mb": {
                "after_a_tenth": round(self.memory_mb[len(self.memory_mb) // 10]),
                "at_the_end": round(self.memory_mb[-1]),
                "most": round(max(self.memory_mb)),
            },
            "open_files": {"first": self.files[0], "last": self.files[-1], "most": max(self.files)},
        }


def fire(server: Server, requests: int, *, most_seconds: float = 1e9, seed: int = 1) -> Report:
    """So many requests from some clients at once, or as many as there is time for."""
    report, lock, began = Report(), threading.Lock(), time.monotonic()

    def send(number: int, choose: Callable[[], Asked]) -> None:
        while time.monotonic() < began + most_seconds:
            with lock:
                if report.requests >= requests:
                    return
                report.requests += 1
                if report.requests % max(requests // 200, 1) == 1:
                    report.memory_mb.append(server.resident_mb)
                    report.files.append(server.open_files)
            request, asked_at = choose(), time.monotonic()
            try:
                status, body = ask(server.port, request.data)
                fault = fault_of(request, status, body)
            except OSError as error:
                status, fault = -1, f"{request.name}: {error!r}"
            took = time.monotonic() - asked_at
            with lock:
                report.statuses[status] += 1
                if took > report.slowest_seconds:
                    report.slowest_seconds, report.slowest = took, request.name
                if fault:
                    report.wrong.append(fault)

    clients = [
        threading.Thread(target=send, args=(number, chooser(seed + number)))
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    report.memory_mb.append(server.resident_mb)
    report.files.append(server.open_files)
    report.seconds = time.monotonic() - began
    return report


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
    parser.add_argument("--folder", type=Path, default=Path("."), help="where its log goes")
    parser.add_argument("serve", nargs="*", help="options of looksay serve")
    options = parser.parse_args()
    server = launch(options.folder, *options.serve)
    try:
        report = fire(
            server, options.requests, most_seconds=options.most_seconds, seed=options.seed
        )
        healthy = ask(server.port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")[0] == 200
    finally:
        status = server.stop()
    found = report.as_dict() | {
        "healthy": healthy,
        "exit_status": status,
        "tracebacks": server.errors.read_text().count("Traceback"),
    }
    print(json.dumps(found, indent=1))
    return int(bool(report.wrong) or not healthy or status != 0 or found["tracebacks"] > 0)


if __name__ == "__main__":
    sys.exit(main())
