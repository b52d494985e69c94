"""A photograph and attention with a peak that the tests know."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photo() -> Image.Image:
    """An even grey 300 x 200 picture: whatever is bright in a result is the light's doing."""
    return Image.new("RGB", (300, 200), (150, 150, 150))


@pytest.fixture
def spotlight():
    """A grid with nearly all weight on one place."""

    def make(row: int, column: int, rows: int = 9, columns: int = 9) -> np.ndarray:
        grid = np.full((rows, columns), 1e-4, np.float32)
        grid[row, column] = 1
        return grid / grid.sum()

    return make
