"""`looksay serve` as a user starts and stops it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image
from worker_of import has_ended, worker_of

from .conftest import as_file, counted, wait_until

SERVE = [sys.executable, "-m", "looksay", "serve"]


class Process:
    """A running command and where it listens."""

    def __init__(self, folder: Path, *options: str, **variables: str):
        self.process = subprocess.Popen(
            [*SERVE, "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder), **variables},
            start_new_session=True,  # a group of processes of its own, as a terminal makes it
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.fullmatch(r"looksay is at (http://\S+)\n", line)
        assert found, line + self.process.communicate()[1]
        self.url = found[1]

    @property
    def worker(self) -> int:
        """The process that captions (Linux)."""
        worker = worker_of(self.process.pid)
        assert worker is not None
        return worker

    def stop(self, number: int = signal.SIGTERM, *, group: bool = False) -> tuple[int, str]:
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture
def launch(bundle_folder, tmp_path):
    processes = []

    def launch(*options: str, **variables: str) -> Process:
        options = ("--model", str(bundle_folder), "--precision", "f32", *options)
        processes.append(Process(tmp_path, *options, **variables))
        return processes[-1]

    yield launch
    for each in processes:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


def run(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SERVE, *options],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **variables},
    )


@pytest.mark.parametrize(
    ("number", "group"),
    [
        (signal.SIGTERM, False),
        (signal.SIGINT, True),  # Ctrl-C in a terminal
        (signal.SIGTERM, True),  # as some supervisors end a service
    ],
)
def test_a_stop_finishes_what_was_accepted(launch, number, group):
    """Large pictures, so that the signal comes while they are read and captioned."""
    server = launch()
    picture = as_file(Image.effect_noise((3000, 3000), 90), "JPEG")
    with (
        httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        sending = [pool.submit(client.post, "/v1/captions", content=picture) for _ in range(8)]
        wait_until(lambda: counted(client, "looksay_queue_pictures") >= 4)
        status, said = server.stop(number, group=group)
        answers = [future.result(60) for future in sending if not future.exception(60)]
    assert status == 0 and said == ""
    assert len(answers) >= 4
    for answer in answers:
        assert answer.status_code in (200, 503)
    assert sum(answer.status_code == 200 for answer in answers) >= 4


def test_nothing_is_left_behind(launch, tmp_path):
    server = launch()
    before = set(tmp_path.rglob("*"))
    picture = as_file(Image.effect_noise((1500, 1500), 90))
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        for name in ("a.png", "../b.png"):
            assert client.post("/v1/captions", files={"image": (name, picture)}).status_code == 200
        assert client.post("/v1/captions", files={"image": ("c", picture[:99])}).status_code == 422
        assert set(tmp_path.rglob("*")) == before
        if Path("/proc/self/fd").is_dir():
            pids = (server.process.pid, server.worker)
            files = [file for pid in pids for file in Path(f"/proc/{pid}/fd").iterdir()]
            opened = [os.readlink(file) for file in files if file.is_symlink()]
            assert not [name for name in opened if name.startswith(str(tmp_path))]
    assert server.stop() == (0, "")
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no such end")
def test_a_kill_under_requests_leaves_nothing_behind(launch, tmp_path):
    """No file in its folder or among the temporary ones, no damage to its library, and the next
    server has the same port at once."""
    from by_hand import Updating, check, save_photo

    save_photo(tmp_path / "photos" / "a.jpg", 1)
    Updating(tmp_path / "photos.db", tmp_path / "photos")()
    server = launch("--database", "photos.db")
    picture = as_file(Image.effect_noise((3000, 3000), 90), "JPEG")
    before = {path for path in tmp_path.rglob("*") if "photos.db-" not in path.name}
    with (
        httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        forms = [{"image": (f"{number}.jpg", picture)} for number in range(8)]
        sending = [pool.submit(client.post, "/v1/captions", files=form) for form in forms]
        assert client.get("/v1/search?q=picture").json()["total"] == 1
        wait_until(lambda: counted(client, "looksay_queue_pictures") >= 4)
        server.stop(signal.SIGKILL)
        ends = [each.exception(60) for each in sending]
    assert any(ends) and all(isinstance(end, httpx.TransportError) for end in ends if end)
    assert {path for path in tmp_path.rglob("*") if "photos.db-" not in path.name} == before
    check(tmp_path / "photos.db")
    assert Updating(tmp_path / "photos.db", tmp_path / "photos")().captioned == 0
    again = launch("--database", "photos.db", "--port", server.url.rpartition(":")[2])
    assert again.url == server.url
    with httpx.Client(base_url=again.url, timeout=60, trust_env=False) as client:
        assert client.get("/v1/search?q=picture").json()["total"] == 1
    assert again.stop() == (0, "")


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are found in /proc")
def test_a_worker_is_replaced_when_it_is_killed_and_goes_when_the_server_is(launch, pngs):
    server = launch()
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        before = client.post("/v1/captions", content=pngs[0]).json()
        os.kill(server.worker, signal.SIGKILL)
        assert client.post("/v1/captions", content=pngs[0]).json() == before
        assert counted(client, "looksay_worker_restarts_total") == 1
    worker = server.worker
    _, said = server.stop(signal.SIGKILL)
    assert said.startswith("the worker was ended by SIGKILL") and said.count("\n") == 1
    wait_until(lambda: has_ended(worker))


def test_no_client_can_be_read_from_what_it_prints(launch):
    server = launch()
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        client.get("/secret-name")
        client.post("/v1/captions?beem=secret", files={"image": ("secret.png", b"secret")})
        client.post("/v1/captions", content=b"secret", headers={
            "Content-Type": "multipart/form-data; boundary=x"})  # fmt: skip
        assert "server" not in client.get("/healthz").headers
    assert server.stop() == (0, "")


def test_keys_from_a_file_and_the_environment(launch, tmp_path):
    (tmp_path / "keys.txt").write_text("key-in-the-file\n\nanother-of-them\n")
    server = launch("--api-key-file", "keys.txt", LOOKSAY_API_KEY="key-of-the-environment")
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        assert client.get("/v1/models").status_code == 401
        for key in ("key-in-the-file", "another-of-them", "key-of-the-environment"):
            headers = {"Authorization": f"Bearer {key}"}
            assert client.get("/v1/models", headers=headers).status_code == 200


def test_open_to_all_is_said(launch):
    server = launch("--host", "0.0.0.0")
    assert server.url.startswith("http://127.0.0.1:")
    status, said = server.stop()
    assert status == 0 and "--api-key-file" in said


def test_who_may_see_the_photographs_is_said(launch, tmp_path):
    from by_hand import Updating, save_photo

    save_photo(tmp_path / "photos" / "a.jpg", 1)
    Updating(tmp_path / "photos.db", tmp_path / "photos")()
    options = ("--database", "photos.db")
    server = launch(*options, "--host", "0.0.0.0")
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        assert client.get("/v1/search?q=picture").json()["total"] == 1
    status, said = server.stop()
    assert status == 0 and "see the photographs of photos.db" in said


def test_the_database_of_index_is_not_served_by_itself(launch, tmp_path):
    server = launch(LOOKSAY_DATABASE="photos.db")
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        assert client.get("/v1/search?q=picture").status_code == 404


def test_a_port_in_use_is_a_sentence(bundle_folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("--port", str(port), "--model", str(bundle_folder))
    assert result.returncode == 2 and f"Port {port}" in result.stderr
    assert "in use" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", "192.0.2.1"), "no address of this machine"),
        (("--host", "no such host"), "no address of this machine"),
        (("--model", "nowhere"), "nowhere"),
        (("--api-key", "short"), "fewer than 8"),
        (("--api-key-file", "nowhere"), "nowhere"),
        (("--port", "99999"), "99999"),
        (("--queue", "0"), "--queue"),
        (("--database", "nowhere.db"), "no photo library nowhere.db"),
        (("--database", __file__), "is no database"),
    ],
)
def test_a_wrong_start_is_a_sentence(options, words):
    result = run("--port", "0", *options)
    assert result.returncode in (1, 2) and words in result.stderr
    assert "Traceback" not in result.stderr and result.stdout == ""


def test_without_the_extra_there_is_the_command_that_installs_it(tmp_path):
    (tmp_path / "fastapi.py").write_text("raise ImportError('no', name='fastapi')")
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    result = run(PYTHONPATH=paths)
    assert result.returncode == 1 and "pip install 'looksay[serve]'" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_needs_none_of_it():
    code = "import sys; from looksay.cli.main import run; run(['serve', '--help']);"
    code += "print(*(m for m in ('fastapi', 'uvicorn', 'numpy') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.endswith("\n\n"), done.stdout[-200:]


def test_it_is_quick_to_stop_when_idle(launch):
    server = launch()
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        client.get("/healthz")  # a connection that is kept alive
        began = time.monotonic()
        assert server.stop() == (0, "")
        assert time.monotonic() - began < 20
