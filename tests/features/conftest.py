"""Small photographs, and a store for features of two places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

IDENTITY = {"name": "toy", "weights": "abc", "image_size": 8, "grid": [1, 2], "feature_size": 3}


@pytest.fixture
def identity() -> dict:
    return dict(IDENTITY)


@pytest.fixture
def photos(tmp_path) -> list[Path]:
    """Five photographs of noise."""
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{i}.png" for i in range(5)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).save(path)
    return paths
