"""A picture whose corners tell which way up it is."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photo() -> Image.Image:
    """A smooth 96 x 64 picture, red at the top left, green at the top right, blue below."""
    y, x = np.mgrid[0:64, 0:96]
    red, green = 255 * (1 - x / 95) * (1 - y / 63), 255 * (x / 95) * (1 - y / 63)
    return Image.fromarray(np.stack([red, green, 255 * y / 63], axis=-1).astype(np.uint8))


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """Encodes a Pillow image as a file's bytes."""

    def to_bytes(image: Image.Image, format_name: str, **options: object) -> bytes:
        file = io.BytesIO()
        image.save(file, format_name, **options)
        return file.getvalue()

    return to_bytes
