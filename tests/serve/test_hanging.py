"""A worker that hangs is ended and replaced, and one that is merely busy is left alone."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import worker_captioners
from PIL import Image

from looksay.errors import WorkerError
from looksay.serve import watchdog as watching
from looksay.serve.app import make_app
from looksay.serve.settings import Settings
from looksay.serve.watchdog import Watchdog

from .conftest import (
    SECONDS,
    as_file,
    client_of,
    counted,
    is_problem,
    serving,
    supervised,
    wait_until,
)
from .test_supervisor import client_with, is_record_of, jobs_of

PATIENCE = 10.0  # seconds; a machine that keeps a process waiting so long would fail the tests

NEEDS_STOPPING = pytest.mark.skipif(os.name == "nt", reason="processes cannot be stopped")


def stop(supervisor):
    """Stop its worker for ever."""
    os.kill(supervisor.worker_pid, signal.SIGSTOP)


@NEEDS_STOPPING
def test_a_stopped_worker_is_replaced_and_its_requests_are_answered(
    bundle_folder, captioner, pngs, caplog
):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    pictures = [as_file(Image.fromarray(noise)), *pngs[:4]]  # the first fills the connection
    load = partial(worker_captioners.sound, bundle_folder)
    with (
        supervised(load, patience_seconds=PATIENCE) as supervisor,
        client_with(supervisor) as client,
        ThreadPoolExecutor(len(pictures)) as pool,
    ):
        stop(supervisor)
        asked = [pool.submit(client.post, "/v1/captions", content=each) for each in pictures]
        for answer, picture in zip(asked, pictures, strict=True):
            (record,) = answer.result(SECONDS).json()["captions"]
            is_record_of(record, captioner(picture))
        assert counted(client, "looksay_worker_restarts_total") == 1
    assert "the worker gave no sign of life for" in caplog.text


@NEEDS_STOPPING
def test_requests_are_given_up_in_time_and_the_next_ones_answered(bundle_folder, pngs):
    load = partial(worker_captioners.sound, bundle_folder)
    with supervised(load, patience_seconds=PATIENCE) as supervisor:
        app = make_app(supervisor, Settings(timeout_seconds=2))
        with serving(app) as url, client_of(url) as client:
            stop(supervisor)
            refused = client.post("/v1/captions", content=pngs[0])
            is_problem(refused, 503, "were not ready within 2 seconds")
            assert supervisor.restarts == 0
            # nobody waits any more, and it is found all the same
            wait_until(lambda: supervisor.restarts == 1, SECONDS)
            wait_until(
                lambda: client.post("/v1/captions", content=pngs[1]).status_code == 200, SECONDS
            )


@pytest.mark.skipif(os.name == "nt", reason="there is no sleep to hang in")
@pytest.mark.parametrize(
    ("holds_lock", "said"), [(True, "gave no sign of life"), (False, "hung in a piece of work")]
)
def test_a_worker_that_is_stuck_in_native_code_is_replaced(
    bundle_folder, captioner, pngs, tmp_path, caplog, holds_lock, said
):
    load = partial(worker_captioners.hanging, bundle_folder, tmp_path, holds_lock)
    with supervised(load, patience_seconds=PATIENCE, batch_size=1) as supervisor:
        looked = threading.Event()
        jobs = jobs_of(supervisor, pngs[:4])
        supervisor.observe = lambda stage, *_: stage == "look" and looked.set()
        supervisor.submit(jobs[:1])
        assert looked.wait(SECONDS)
        supervisor.submit(jobs[1:])  # they are looked at beside the one that is stuck
        records = [job.future.result(SECONDS) for job in jobs]
        assert supervisor.restarts == 1
    for record, picture in zip(records, pngs[:4], strict=True):
        is_record_of(record, captioner(picture))
    (line,) = caplog.messages
    assert line.startswith(f"the worker {said} for") and "sent to the next: 4" in line


def test_a_worker_whose_part_breaks_down_is_replaced(bundle_folder, captioner, pngs, tmp_path):
    load = partial(worker_captioners.breaking, bundle_folder, tmp_path)
    with supervised(load, patience_seconds=PATIENCE) as supervisor:
        (job,) = jobs_of(supervisor, pngs[:1])
        supervisor.submit([job])
        is_record_of(job.future.result(SECONDS), captioner(pngs[0]))
        assert supervisor.restarts == 1


def test_a_worker_that_is_busy_with_a_queue_is_left_alone(bundle_folder, pngs):
    load = partial(worker_captioners.slow, bundle_folder, PATIENCE / 4)
    with supervised(load, patience_seconds=PATIENCE, batch_size=1) as supervisor:
        jobs = jobs_of(supervisor, pngs[:6])
        supervisor.submit(jobs)
        assert all(job.future.result(SECONDS)["words"] for job in jobs)
        assert supervisor.restarts == 0


def watched(patience_seconds: float) -> tuple[Watchdog, threading.Event]:
    killed = threading.Event()
    return Watchdog(killed.set, patience_seconds), killed


def test_work_beyond_the_patience_is_hanging_and_less_is_not():
    watchdog, killed = watched(10)
    watchdog.beat(9.9)
    assert not killed.is_set() and not watchdog.verdict
    watchdog.beat(10.1)
    assert killed.is_set() and "hung in a piece of work for 10 s" in watchdog.verdict


def test_one_that_starts_is_given_more_time(monkeypatch):
    monkeypatch.setattr(watching, "START_SECONDS", 1e6)
    watchdog, killed = watched(0.1)
    watchdog.start()
    assert not killed.wait(0.5)
    watchdog.ready()
    assert killed.wait(SECONDS)
    watchdog.close()


def test_one_that_lives_and_never_is_ready_is_ended(monkeypatch):
    monkeypatch.setattr(watching, "START_SECONDS", 0.4)
    watchdog, killed = watched(0.1)
    watchdog.start()

    def beat() -> bool:
        watchdog.heard()
        watchdog.beat(0.0)
        return killed.is_set()

    wait_until(beat, SECONDS)
    watchdog.close()
    assert watchdog.verdict.startswith("was not ready after")


def test_a_worker_that_is_stuck_while_it_loads_is_ended(monkeypatch, bundle_folder):
    monkeypatch.setattr(watching, "START_SECONDS", 0)
    with pytest.raises(WorkerError, match="was not ready after .* s and was ended while it"):
        with supervised(partial(worker_captioners.stuck, bundle_folder), patience_seconds=5):
            pass


def test_the_patience_is_beyond_the_servers_timeout():
    assert Settings().patience_seconds == 120
    assert Settings(timeout_seconds=1).patience_seconds == 60
    assert Settings(timeout_seconds=600).patience_seconds == 1200


def test_the_command_passes_the_patience_on(monkeypatch):
    from looksay.cli.main import run
    from looksay.serve import supervisor as supervising

    asked = {}

    def supervise(load, **settings):
        asked.update(settings)
        raise KeyboardInterrupt

    monkeypatch.setattr(supervising, "Supervisor", supervise)
    assert run(["serve", "--port", "0", "--timeout", "100"]) == 130
    assert asked["patience_seconds"] == 200
