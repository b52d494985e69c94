"""The helpers beside these tests' folder, and three shards."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from small_shards import as_json, jpeg, write_tar  # noqa: E402


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Two shards to train on, one of dev."""
    folder = tmp_path / "shards"
    write_tar(
        folder / "coco-train-000.tar",
        {
            "./0001.jpg": jpeg("red"), "./0001.txt": b"A red field.\nAll is red.\n",
            "0002.json": as_json(caption="Blue.", width=8), "0002.png": jpeg("blue"),
            "0002.txt": b"Blue.", "0002.seg.png": b"no photograph",
        },
    )  # fmt: skip
    write_tar(
        folder / "coco-train-001.tar",
        {
            "0001.JPG": jpeg("green"), "0001.json": as_json(captions=["Green.", "A lawn."]),
            "0003.jpg": jpeg("white"), "0003.json": as_json(text="White.", split="test"),
        },
    )  # fmt: skip
    write_tar(folder / "coco-val-000.tar", {"a/1.webp": jpeg("black"), "a/1.txt": b"Black."})
    return folder
