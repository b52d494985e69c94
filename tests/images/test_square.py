"""The resizing policy."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from looksay import images


@pytest.mark.parametrize("size", [(224, 224), (224, 168), (500, 375), (261, 1500)])
def test_is_plain_bicubic_up_to_six_times_the_size(photo, size):
    image = photo.resize(size)
    wanted = np.asarray(image.resize((260, 260), Image.Resampling.BICUBIC))
    square = images.to_square(image, 260)
    assert square.shape == (260, 260, 3) and square.dtype == np.uint8
    assert np.array_equal(square, wanted)


def test_a_picture_of_the_right_size_is_left_alone(photo):
    image = photo.resize((64, 64))
    assert np.array_equal(images.to_square(image, 64), np.asarray(image))


def test_large_pictures_are_antialiased():
    """A fine chequerboard shrinks to even grey, not to stripes."""
    board = (np.indices((2100, 2800)).sum(axis=0) % 2 * 255).astype(np.uint8)
    square = images.to_square(Image.fromarray(board).convert("RGB"), 100)
    assert np.abs(square.astype(int) - 127).max() <= 2


def test_the_result_may_be_written_to(photo):
    images.to_square(photo, 32)[:] = 0


def test_load_square_agrees_with_the_slow_path(photo, encode):
    """The JPEG is decoded at an eighth; the square is nearly that of the full decoding."""
    data = encode(photo.resize((2400, 1800), Image.Resampling.BICUBIC), "JPEG", quality=92)
    fast = images.load_square(data, 224).astype(float)
    slow = images.to_square(images.open_image(data), 224).astype(float)
    assert np.abs(fast - slow).mean() < 1.5


def test_real_photographs(shared_data):
    for path in sorted((shared_data / "coco2017-mini" / "train2017").glob("*.jpg"))[:8]:
        fast = images.load_square(path, 100).astype(float)
        slow = images.to_square(images.open_image(path), 100).astype(float)
        assert np.abs(fast - slow).mean() < 3, path.name
