"""A real server of a toy bundle on a free port, in a thread, and pictures to send it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import looksay

if TYPE_CHECKING:
    import httpx

# The extra `serve`, and the client: without them there is nothing to test here.
NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "httpx")
if not all(importlib.util.find_spec(module) for module in NEEDED):
    collect_ignore_glob = ["*.py"]

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "library")]

PICTURES = 12
SECONDS = 300  # for what a busy machine does in two


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path_factory.mktemp("bundles") / "toy")


@pytest.fixture(scope="session")
def captioner(bundle_folder: Path) -> looksay.Captioner:
    # f32 where the processor would take bf16: a caption must not depend on its batch
    return looksay.load(bundle_folder, precision="f32", threads=1)


@pytest.fixture(scope="session")
def pngs() -> list[bytes]:
    """Pictures of noise, each of its own strength, as files."""
    rng = np.random.default_rng(0)
    strength = np.linspace(0.2, 1, PICTURES)[:, None, None, None]
    pixels = (rng.integers(0, 256, (PICTURES, 8, 8, 3)) * strength).astype(np.uint8)
    return [as_file(Image.fromarray(each)) for each in pixels]


def as_file(image: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


class Gated:
    """A captioner whose words wait while its gate is shut; it remembers what it worked on."""

    def __init__(self, captioner: looksay.Captioner):
        self._captioner = captioner
        self.gate = threading.Event()
        self.gate.set()
        self.read_count = 0
        self.said: list[int] = []  # the size of each batch
        self.saying = threading.Event()
        self.fault: Callable[[Any], None] = lambda pictures: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._captioner, name)

    def __call__(self, images: Any, **options: Any) -> Any:
        return self._captioner(images, **options)

    def read(self, source: Any) -> Any:
        self.read_count += 1
        return self._captioner.read(source)

    def say(self, pictures: Any, *rest: Any) -> Any:
        self.saying.set()
        assert self.gate.wait(60)
        self.said.append(len(pictures))
        self.fault(pictures)
        return self._captioner.say(pictures, *rest)


@pytest.fixture
def gated(captioner: looksay.Captioner) -> Iterator[Gated]:
    gated = Gated(captioner)
    yield gated
    gated.gate.set()


@contextlib.contextmanager
def running(
    *captioners: Any, library: Any = None, silent_seconds: float = 30, **settings: Any
) -> Iterator[str]:
    """The URL of a server of these models."""
    from looksay.serve.app import create_app
    from looksay.serve.settings import Settings

    with serving(create_app(captioners, Settings(**settings), library), silent_seconds) as url:
        yield url


@contextlib.contextmanager
def supervised(load: Any, **settings: Any) -> Iterator[Any]:
    """A Supervisor whose worker is ready."""
    from looksay.serve.supervisor import Supervisor

    with Supervisor(load, **{"capacity": 64, "batch_size": 8, **settings}) as supervisor:
        supervisor.wait_until_ready()
        yield supervisor


@contextlib.contextmanager
def serving(app: Any, silent_seconds: float = 30) -> Iterator[str]:
    """The URL of a server of this application."""
    from looksay.serve.listening import make_server

    server = make_server(app)
    server.silent_seconds = silent_seconds
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def client_of(url: str) -> httpx.Client:
    import httpx

    return httpx.Client(base_url=url, timeout=60, trust_env=False)


@pytest.fixture
def start(captioner: looksay.Captioner) -> Iterator[Callable[..., httpx.Client]]:
    """`start(captioner, queue_pictures=2)` gives a client of a new server."""
    with contextlib.ExitStack() as stack:

        def start(*captioners: Any, **settings: Any) -> httpx.Client:
            url = stack.enter_context(running(*(captioners or (captioner,)), **settings))
            return stack.enter_context(client_of(url))

        yield start


@pytest.fixture(scope="module")
def client(captioner: looksay.Captioner) -> Iterator[httpx.Client]:
    """A client of a server with the usual settings."""
    with running(captioner) as url, client_of(url) as one:
        yield one


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def is_problem(answer: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    """The problem that an answer is, in the one shape, with these words in its sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem = answer.json()
    assert problem["status"] == status and problem["title"]
    for word in words:
        assert word in problem["detail"], problem["detail"]
    assert problem["detail"].endswith((".", ")."))
    return problem


def counted(client: httpx.Client, sample: str, **labels: str) -> float:
    """A counter of /metrics."""
    from prometheus_client.parser import text_string_to_metric_families

    for family in text_string_to_metric_families(client.get("/metrics").text):
        for found in family.samples:
            if found.name == sample and labels.items() <= found.labels.items():
                return found.value
    return 0.0
