"""What the tests share: a browser, and where the large data sets lie, if they lie anywhere."""

from __future__ import annotations

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
