"""A real `looksay serve`, what it has of the machine, and a way to ask it anything (Linux)."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from worker_of import GONE, worker_of  # noqa: E402

WAIT_SECONDS = 330.0  # for an answer: more than a server of these tests lets one wait


@dataclass
class Server:
    """A running `looksay serve`."""

    process: subprocess.Popen[str]
    port: int
    errors: Path

    @property
    def resident_mb(self) -> float:
        """The memory that it has now."""
        return _resident_mb(self.process.pid)

    @property
    def worker(self) -> int | None:
        return worker_of(self.process.pid)

    @property
    def worker_mb(self) -> float:
        """The memory that its worker has now."""
        worker = self.worker
        return 0.0 if worker is None else _resident_mb(worker)

    @property
    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def stop(self) -> int:
        """Its exit status after SIGTERM."""
        with self.process:
            self.process.terminate()
            return self.process.wait(60)


def _resident_mb(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except GONE:  # it has just ended
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


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
