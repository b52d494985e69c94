"""What the tests share: where the large data sets lie, if they lie anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of Flickr8k and COCO photographs, which no repository may carry."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LOOKSAY_DATA", default))
    if not (folder / "flickr8k" / "Flickr8k.token.txt").is_file():
        pytest.skip(f"no shared data in {folder}; set LOOKSAY_DATA to the folder that holds it")
    return folder
