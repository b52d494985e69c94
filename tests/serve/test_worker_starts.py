"""A worker that cannot start says why, and one that says what makes no sense is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import worker_captioners
from worker_of import has_ended, worker_of

from looksay.errors import BundleError, UsageError, WorkerError
from looksay.images import ImageLimits
from looksay.serve import supervisor as supervising
from looksay.serve.worker import load_models

from .conftest import SECONDS, supervised, wait_until

LIMITS = ImageLimits()


@pytest.mark.parametrize(
    ("load", "error", "words"),
    [
        (partial(load_models, ["nowhere"], "openvino", "f32", LIMITS), BundleError, "nowhere does"),
        (partial(load_models, [], "openvino", "f16", LIMITS), UsageError, "f16"),
        (partial(worker_captioners.dying, Path()), WorkerError, "while it started"),
    ],
)
def test_a_worker_that_cannot_start_says_why(load, error, words):
    with pytest.raises(error, match=words), supervised(load):
        pass


def test_two_models_of_one_name_are_refused(bundle_folder):
    folder = str(bundle_folder)
    load = partial(load_models, [folder, folder], "openvino", "f32", LIMITS)
    with pytest.raises(UsageError, match="Two models are named 'toy'"), supervised(load):
        pass


def test_the_pauses_between_starts_grow_to_a_limit():
    pauses = [supervising._pause_seconds(failures) for failures in (0, 1, 2, 3, 9, 5000)]
    assert pauses == pytest.approx([0, 0, 0.2, 0.6, 30, 30])


class Stranger:
    """A worker's process that says what makes no sense."""

    pid, killed = 0, False

    def __init__(self, *_: Any):
        self._said = [{"done": 0, "error": {"kind": "SystemExit", "said": ""}}]

    def hear(self) -> dict[str, Any]:
        return self._said.pop(0)

    def kill(self) -> None:
        Stranger.killed = True

    def wait(self) -> str:
        return "was ended by SIGKILL"

    def hang_up(self) -> None:
        pass


def test_a_worker_that_makes_no_sense_is_ended(monkeypatch, caplog):
    monkeypatch.setattr(supervising, "Process", Stranger)
    with pytest.raises(WorkerError), supervised(list):
        pass
    assert Stranger.killed and "makes no sense" in caplog.text


NEEDS_PROC = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="processes are found in /proc"
)


def start_serving(bundle: Path) -> tuple[subprocess.Popen[str], int]:
    """A server whose worker has just been started, and that worker."""
    server = subprocess.Popen(
        [sys.executable, "-m", "looksay", "serve", "--port", "0", "--model", str(bundle)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: worker_of(server.pid) is not None, SECONDS)
    worker = worker_of(server.pid)
    assert worker is not None
    return server, worker


@NEEDS_PROC
def test_ctrl_c_while_it_starts_is_a_sentence(bundle_folder):
    server, worker = start_serving(bundle_folder)
    os.killpg(server.pid, signal.SIGINT)
    said = server.communicate(timeout=SECONDS)
    assert (server.returncode, said[0], said[1].strip()) == (130, "", "looksay: interrupted.")
    assert has_ended(worker)


@NEEDS_PROC
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_does_not_mind_signals_from_its_first_moment(bundle_folder, number):
    server, worker = start_serving(bundle_folder)
    with server, ThreadPoolExecutor(1) as pool:
        assert server.stdout is not None
        line = pool.submit(server.stdout.readline)
        while not line.done():
            os.kill(worker, number)
            time.sleep(0.005)
        assert line.result().startswith("looksay is at ") and not has_ended(worker)
        server.terminate()
        assert server.wait(SECONDS) == 0


def test_a_supervisor_that_nobody_closes_does_not_keep_its_process(bundle_folder):
    code = """if __name__ == "__main__":
        import functools, sys, worker_captioners
        from pathlib import Path
        from looksay.serve.supervisor import Supervisor
        load = functools.partial(worker_captioners.sound, Path(sys.argv[1]))
        Supervisor(load, capacity=1, batch_size=1).wait_until_ready()
    """
    here = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code, str(bundle_folder)],
        env={**os.environ, "PYTHONPATH": here},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, "")
