"""Sites to mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("justhtml", reason="pip install looksay[alt-text]")
pytest.importorskip("markdown_it", reason="pip install looksay[alt-text]")

Write = Callable[..., Path]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with red.jpg, green.png, blue.jpg (64 by 64) and icon.png (16 by 16)."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("red.jpg", "green.png", "blue.jpg"):
        Image.new("RGB", (64, 64), Path(name).stem).save(folder / name)
    Image.new("RGB", (16, 16), "red").save(folder / "icon.png")
    return folder


@pytest.fixture
def write(site: Path) -> Write:
    """`write("a.html", "<img ...>")` makes a page of the site; text is written as UTF-8."""

    def make(name: str, content: str | bytes) -> Path:
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make
