"""The page in a real headless Chromium, against a real service with the shipped model.

Every test that uses `visit` fails if the page asks another host for anything or a script of it
breaks.
"""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

PHOTOGRAPHS = Path(__file__).resolve().parents[3] / "src" / "looksay" / "demo"
# what Chromium writes where the tests let a request fail
_EXPECTED_LOG = "Failed to load resource"


@pytest.fixture(scope="session")
def captioner():
    """The shipped model."""
    import looksay

    return looksay.load()


@contextmanager
def _running(captioner, library=None, **settings) -> Iterator[SimpleNamespace]:
    """A service of these settings: its `url`, and `stop`."""
    import uvicorn

    from looksay.serve.app import create_app
    from looksay.serve.settings import Settings
    from looksay.serve.sockets import open_socket, url_of

    listening = open_socket("127.0.0.1", 0)
    app = create_app([captioner], Settings(**settings), library)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)

    def stop() -> None:
        server.should_exit = True
        thread.join(timeout=20)

    thread.start()
    yield SimpleNamespace(url=url_of(listening) + "/", stop=stop)
    stop()
    listening.close()


@pytest.fixture(scope="session")
def service(captioner):
    pytest.importorskip("uvicorn", reason="the extra serve")
    with _running(captioner) as running:
        yield running


@pytest.fixture
def start(captioner):
    """Starts a service of one's own settings."""
    pytest.importorskip("uvicorn", reason="the extra serve")
    stops = []

    def start_one(**settings) -> SimpleNamespace:
        manager = _running(captioner, **settings)
        stops.append(manager)
        return manager.__enter__()

    yield start_one
    for manager in stops:
        manager.__exit__(None, None, None)


@pytest.fixture
def visit(browser, request) -> Iterator[Callable]:
    """Opens the page in a context of one's own; afterwards looks at what went over the network."""
    contexts, asked, wrong = [], [], []

    def open_page(url: str | None = None, **options):
        url = url or request.getfixturevalue("service").url
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options
        )
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.on("request", lambda sent: asked.append((url, sent.url)))
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    for origin, address in asked:
        parts = urlsplit(address)
        assert parts.scheme in ("blob", "data") or parts.netloc == urlsplit(origin).netloc, address
    assert not [text for text in wrong if _EXPECTED_LOG not in text], wrong


@pytest.fixture
def say(visit) -> Callable:
    """A page that has captioned photographs, the dog where none are named."""

    def captioned(*paths, **options):
        page = visit(**options)
        page.set_input_files("#files", [str(path) for path in paths or [PHOTOGRAPHS / "dog.jpg"]])
        settle(page, len(paths) or 1)
        return page

    return captioned


@pytest.fixture
def helpers() -> SimpleNamespace:
    """What the tests of this folder share."""
    return SimpleNamespace(
        photographs=PHOTOGRAPHS, settle=settle, give=give, drop=drop, overlay=overlay, words=words
    )


def settle(page, count: int = 1) -> None:
    """Waits until so many results have come."""
    from playwright.sync_api import expect

    expect(page.locator(".result[aria-busy=false]")).to_have_count(count, timeout=20_000)
    expect(page.locator(".words.telling")).to_have_count(0, timeout=20_000)


def give(page, name: str, content: bytes, kind: str = "image/jpeg") -> None:
    """Chooses a file that is on no disk."""
    page.set_input_files("#files", {"name": name, "mimeType": kind, "buffer": content})


def drop(page, *paths: Path) -> None:
    """Drops files as a hand does: through the browser's own input, not an event of a script."""
    tool = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        place = {"type": kind, "x": 600, "y": 350, "data": data}
        tool.send("Input.dispatchDragEvent", place)


def words(page) -> list[str]:
    return page.locator(".words button").all_text_contents()


def overlay(page) -> np.ndarray:
    """The pixels (H, W, 3) of the light over the first photograph."""
    uri = page.locator(".stage canvas").first.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB"))
