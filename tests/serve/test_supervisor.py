"""A worker that dies is replaced, and no request is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import numpy as np
import pytest
import worker_captioners

from looksay.errors import ImageError, LooksayError
from looksay.serve import supervisor as supervising
from looksay.serve.app import make_app
from looksay.serve.jobs import BrokenError, Job
from looksay.serve.settings import Settings
from looksay.serve.supervisor import Supervisor

from .conftest import SECONDS, client_of, counted, is_problem, serving, supervised, wait_until


@contextlib.contextmanager
def client_with(supervisor: Supervisor) -> Iterator[httpx.Client]:
    settings = Settings(timeout_seconds=SECONDS)
    with serving(make_app(supervisor, settings)) as url, client_of(url) as client:
        client.timeout = SECONDS
        yield client


def kill(supervisor: Supervisor) -> None:
    """End its worker, and wait until that is noticed."""
    before, pid = supervisor.restarts, supervisor.worker_pid
    assert pid is not None
    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    wait_until(lambda: supervisor.restarts > before, SECONDS)


def jobs_of(supervisor: Supervisor, sources: list[bytes], **options: Any) -> list[Job]:
    (model,) = supervisor.offers
    resolved = model.options.override(**options)
    return [Job("toy", source, resolved, number) for number, source in enumerate(sources)]


def is_record_of(record: dict[str, Any], caption: Any) -> None:
    expected = caption.to_json(attention="attention" in record)
    assert record["words"] == expected["words"]
    assert record["log_prob"] == pytest.approx(expected["log_prob"], abs=1e-4)
    np.testing.assert_allclose(record.get("attention", 0), expected.get("attention", 0), atol=1e-4)


class Clients:
    """Threads that ask for captions, each with other pictures and seeds, until they are told to
    stop."""

    def __init__(self, client: httpx.Client, pictures: list[bytes], count: int = 4):
        self._client, self._pictures = client, pictures
        self._stop = threading.Event()
        self.answers: list[tuple[int, httpx.Response]] = []
        self._pool = ThreadPoolExecutor(count)
        self._asking = [self._pool.submit(self._ask, number, count) for number in range(count)]

    def stop(self) -> None:
        self._stop.set()
        for each in self._asking:
            each.result(SECONDS)
        self._pool.shutdown()

    def _ask(self, number: int, step: int) -> None:
        while not self._stop.is_set():
            picture = self._pictures[number % len(self._pictures)]
            query = {"sample": True, "seed": number, "attention": True}
            answer = self._client.post("/v1/captions", content=picture, params=query)
            self.answers.append((number, answer))
            number += step


def test_killed_under_load_every_request_gets_its_own_caption(bundle_folder, captioner, pngs):
    with (
        supervised(partial(worker_captioners.sound, bundle_folder)) as supervisor,
        client_with(supervisor) as client,
    ):
        clients = Clients(client, pngs)
        for _ in range(3):
            enough = len(clients.answers) + 5
            wait_until(lambda enough=enough: len(clients.answers) >= enough, SECONDS)
            kill(supervisor)
            assert client.get("/readyz").status_code == 200  # requests wait, and are answered
        enough = len(clients.answers) + 5
        wait_until(lambda: len(clients.answers) >= enough, SECONDS)
        clients.stop()
        assert supervisor.restarts == 3
        assert counted(client, "looksay_worker_restarts_total") == 3
        assert counted(client, "looksay_queue_pictures") == 0
    assert len({number for number, _ in clients.answers}) == len(clients.answers) >= 20
    for number, answer in clients.answers:
        assert answer.status_code == 200, answer.text
        (record,) = answer.json()["captions"]
        picture = pngs[number % len(pngs)]
        is_record_of(record, captioner(picture, method="sample", seed=number))


def test_what_the_worker_had_is_sent_again(bundle_folder, captioner, pngs, tmp_path, caplog):
    with supervised(partial(worker_captioners.gated, bundle_folder, tmp_path)) as supervisor:
        jobs = jobs_of(supervisor, pngs[:5], method="sample", seed=4)
        supervisor.submit(jobs)
        wait_until((tmp_path / "saying").exists, SECONDS)
        kill(supervisor)
        assert not any(job.future.done() for job in jobs) and supervisor.accepted == 5
        (tmp_path / "open").touch()
        records = [job.future.result(SECONDS) for job in jobs]
        assert supervisor.restarts == 1
    for record, caption in zip(records, captioner(pngs[:5], method="sample", seed=4), strict=True):
        is_record_of(record, caption)
    (line,) = caplog.messages
    assert line.startswith("the worker was ended by SIGKILL; unanswered, and sent to the next: 5")


def test_what_nobody_waits_for_is_dropped_in_the_worker(bundle_folder, pngs, tmp_path):
    said, looked = [], []
    with supervised(partial(worker_captioners.gated, bundle_folder, tmp_path)) as supervisor:

        def observe(stage: str, pictures: int, seconds: float) -> None:
            {"say": said, "look": looked}.get(stage, []).append(pictures)

        supervisor.observe = observe
        first, *others = jobs_of(supervisor, pngs[:6])
        supervisor.submit([first])
        wait_until((tmp_path / "saying").exists, SECONDS)
        supervisor.submit(others)
        wait_until(lambda: sum(looked) == 6, SECONDS)
        for job in others[:4]:
            assert job.future.cancel()
        assert supervisor.accepted == 2
        after = jobs_of(supervisor, [b"no picture"])
        supervisor.submit(after)  # once it is answered, what was said before has been heard
        with pytest.raises(ImageError, match="holds text"):
            after[0].future.result(SECONDS)
        (tmp_path / "open").touch()
        assert others[4].future.result(SECONDS)["words"]
        wait_until(lambda: len(said) == 2, SECONDS)
    assert said == [1, 1]


def test_a_picture_that_kills_its_worker_fails_alone(bundle_folder, captioner, pngs, caplog):
    poison = pngs[2]
    load = partial(worker_captioners.deadly, bundle_folder, poison)
    with supervised(load) as supervisor, client_with(supervisor) as client:
        pool = ThreadPoolExecutor(8)
        files = [("image", (f"{number}.png", png)) for number, png in enumerate(pngs[:4])]
        form = pool.submit(client.post, "/v1/captions", files=files)
        alone = pool.submit(client.post, "/v1/captions", content=poison)
        good = [pool.submit(client.post, "/v1/captions", content=png) for png in pngs[4:8]]
        records = form.result(SECONDS).json()["captions"]
        is_problem(alone.result(SECONDS), 500, "ended the process that captions")
        for png, answer in zip(pngs[4:8], good, strict=True):
            is_record_of(answer.result(SECONDS).json()["captions"][0], captioner(png))
        assert 6 <= supervisor.restarts <= 8  # four for each, two of them perhaps together
        assert client.get("/healthz").status_code == 200
        assert counted(client, "looksay_pictures_total", outcome="failed") == 2
        is_record_of(client.post("/v1/captions", content=pngs[0]).json()["captions"][0],
                     captioner(pngs[0]))  # fmt: skip
        pool.shutdown()
    deadly = records.pop(2)
    assert deadly["image"] == "2.png" and "ended the process that captions" in deadly["error"]
    for record, number in zip(records, (0, 1, 3), strict=True):
        is_record_of(record, captioner(pngs[number]))
    assert sum("given up" in line for line in caplog.messages) == 2


def test_a_worker_that_no_longer_starts_is_said_and_tried_again(
    bundle_folder, pngs, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(supervising, "MAX_PAUSE_SECONDS", 0.05)
    damaged = tmp_path / "damaged"
    load = partial(worker_captioners.failing_where, bundle_folder, damaged)
    with supervised(load) as supervisor, client_with(supervisor) as client:
        damaged.touch()
        kill(supervisor)
        waiting = jobs_of(supervisor, pngs[:1])
        supervisor.submit(waiting)
        with pytest.raises(BrokenError, match="has ended 5 times in a row"):
            waiting[0].future.result(SECONDS)
        for path in ("/healthz", "/readyz"):
            is_problem(client.get(path), 503, "has ended", "the server's log says how")
        refused = client.post("/v1/captions", content=pngs[0])
        is_problem(refused, 503, "has ended")
        assert refused.headers["retry-after"] and str(bundle_folder) not in refused.text
        damaged.unlink()
        wait_until(lambda: client.get("/healthz").status_code == 200, SECONDS)
        assert client.get("/readyz").status_code == 200
        assert client.post("/v1/captions", content=pngs[0]).status_code == 200
    assert f"({bundle_folder} is damaged; get it again.)" in caplog.text


def test_a_model_that_has_been_replaced_is_offered_from_the_next_worker_on(
    bundle_folder, pngs, tmp_path
):
    from toy_bundle import write_toy_bundle

    other, replaced = write_toy_bundle(tmp_path / "other", name="other"), tmp_path / "replaced"
    load = partial(worker_captioners.another_where, bundle_folder, other, replaced)
    with supervised(load) as supervisor, client_with(supervisor) as client:
        before = jobs_of(supervisor, pngs[:1])
        replaced.touch()
        kill(supervisor)
        wait_until(lambda: supervisor.offers[0].name == "other", SECONDS)
        (model,) = client.get("/v1/models").json()["models"]
        assert model["name"] == "other" and model["default"] is True
        (record,) = client.post("/v1/captions", content=pngs[0]).json()["captions"]
        assert record["model"] == "other"
        supervisor.submit(before)
        with pytest.raises(LooksayError, match="no model 'toy' any more"):
            before[0].future.result(SECONDS)


def test_stopping_finishes_what_was_accepted_though_the_worker_dies(bundle_folder, pngs, tmp_path):
    with supervised(partial(worker_captioners.gated, bundle_folder, tmp_path)) as supervisor:
        jobs = jobs_of(supervisor, pngs[:3])
        supervisor.submit(jobs)
        wait_until((tmp_path / "saying").exists, SECONDS)
        stopper = threading.Thread(target=supervisor.stop)
        stopper.start()
        wait_until(lambda: supervisor.stopping)
        kill(supervisor)
        (tmp_path / "open").touch()
        stopper.join(SECONDS)
        assert not stopper.is_alive() and supervisor.worker_pid is None
    assert all(job.future.result(0)["words"] for job in jobs)
