"""What the tests share: a browser, an S3 server, and where large data sets lie, if they do."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import sqlite3  # noqa: F401  (before TensorFlow, which brings an SQLite without full-text search)
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium; skips where there is none, or no playwright to drive it.

    Of one module, since playwright's event loop would be in the way of other tests' loops.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra browser-test")
    found = os.environ.get("LOOKSAY_CHROMIUM") or next(
        filter(None, map(shutil.which, _CHROMIUMS)), ""
    )
    if not found:
        pytest.skip("no Chromium on the path; set LOOKSAY_CHROMIUM to one")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=found,
            # as root, as in containers, Chromium has no sandbox; colours are compared
            args=["--no-sandbox", "--force-color-profile=srgb"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of Flickr8k and COCO photographs, which no repository may carry."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LOOKSAY_DATA", default))
    if not (folder / "flickr8k" / "Flickr8k.token.txt").is_file():
        pytest.skip(f"no shared data in {folder}; set LOOKSAY_DATA to the folder that holds it")
    return folder


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str | None]:
    """The address of an empty S3 server, which all of this process's children know too."""
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        yield None
        return
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str | None, request: pytest.FixtureRequest) -> Any:
    """An empty bucket of the S3 server: its file system and its address, `s3://...`."""
    if s3_server is None:
        pytest.skip("no S3 server: the extra ray-test")
    from looksay.places import open_place

    name = f"bucket-{abs(hash(request.node.name))}"
    fs, _ = open_place(f"s3://{name}")
    fs.mkdir(name)
    return fs, f"s3://{name}"
