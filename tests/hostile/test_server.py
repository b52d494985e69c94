"""A real `looksay serve` and requests as nobody should send them."""

from __future__ import annotations

import importlib.util
import socket
import sys
import time
from pathlib import Path

import pytest

if not all(map(importlib.util.find_spec, ("fastapi", "uvicorn", "python_multipart"))):
    pytest.skip("the extra serve", allow_module_level=True)
if not Path("/proc/self/status").exists():
    pytest.skip("memory is read from /proc", allow_module_level=True)

sys.path[:0] = [str(Path(__file__).parents[1] / "faults")]

from hostile_requests import requests  # noqa: E402
from running_server import ask, launch  # noqa: E402
from server_under_fire import fault_of, fire  # noqa: E402

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
GROWTH_MB = 150  # the arenas of the threads, once
REQUESTS = 200


@pytest.fixture(scope="module")
def server(toy, tmp_path_factory):
    server = launch(tmp_path_factory.mktemp("server"), "--model", str(toy), "--timeout", "20")
    yield server
    assert server.stop() == 0
    said = server.errors.read_text()
    assert "Traceback" not in said and "went wrong" not in said, said


def test_every_request_gets_the_answer_it_deserves(server):
    wrong = []
    for request in requests():
        if not request.name.startswith(("picture flip", "picture cut", "picture lie")):
            wrong.append(fault_of(request, *ask(server.port, request.data)))
    assert not any(wrong), [fault for fault in wrong if fault]
    assert ask(server.port, HEALTH)[0] == 200


def test_under_fire_it_stays_as_it_is(server):
    fire(server, 40)  # what it takes once, it has taken
    before, worker, files = server.resident_mb, server.worker_mb, server.open_files
    report = fire(server, REQUESTS, seed=2)
    assert not report.wrong, report.wrong[:5]
    assert report.requests == REQUESTS and 200 in report.statuses and 400 in report.statuses
    assert max(report.memory_mb) < before + GROWTH_MB, report.as_dict()
    assert max(report.worker_mb) < worker + GROWTH_MB, report.as_dict()
    assert server.open_files <= files + 8


def test_slow_clients_keep_nobody_waiting(server):
    """Fifty connections on which a request arrives byte by byte, or stops within."""
    head = b"POST /v1/captions HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    starts = (b"", b"POST /v1", head, head + b"Content-Length: 900\r\n\r\n\x89PNG")
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(starts[number % len(starts)])
        for _ in range(5):
            began = time.monotonic()
            assert ask(server.port, HEALTH)[0] == 200
            assert time.monotonic() - began < 5
            for number, connection in enumerate(slow):
                if number % len(starts) > 1:
                    connection.sendall(b"x")
    finally:
        for connection in slow:
            connection.close()


def test_killed_workers_lose_no_request(toy, tmp_path):
    server = launch(tmp_path, "--model", str(toy), "--timeout", "300")
    try:
        report = fire(server, 40, kill_every=0.5, least_kills=3, seed=3)
    finally:
        status = server.stop()
    said = server.errors.read_text()
    assert not report.wrong and report.lost == 0, report.as_dict()
    assert report.captioned >= 2 and report.kills >= 3
    # the last one may be noticed too late for a line
    assert said.count("the worker was ended by SIGKILL") >= report.kills - 1, said
    assert status == 0 and "Traceback" not in said and "went wrong" not in said, said
