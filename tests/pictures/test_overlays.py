"""The light falls on the original photograph."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from looksay.errors import ImageError, UsageError
from looksay.pictures import overlay


def grey(image) -> np.ndarray:
    return np.asarray(image.convert("L"), dtype=float)


def test_brighter_where_it_looks_and_darker_elsewhere(photo, spotlight):
    lit = grey(overlay(photo, spotlight(1, 1)))
    assert lit.shape == (200, 300)
    assert lit[33, 50] > 150 > 80 > lit[150, 250]


def test_brightness_alone_tells_it_to_the_colour_blind(photo, spotlight):
    """The rank of the light survives in a grey print."""
    lit = grey(overlay(photo, spotlight(4, 4)))
    assert (np.diff(lit[100, :150:10]) >= 0).all() and np.ptp(lit[100]) > 80


def test_a_night_scene_is_lit_up(spotlight):
    night = Image.new("RGB", (90, 90), (30, 30, 30))
    lit = grey(overlay(night, spotlight(4, 4)))
    assert lit[45, 45] > 75 and lit[5, 5] < 25


def test_darkness(photo, spotlight):
    corners = [grey(overlay(photo, spotlight(4, 4), darkness=d))[0, 0] for d in (0, 0.5, 1)]
    assert abs(corners[0] - 150) <= 2 and corners[0] > corners[1] > corners[2] < 20
    with pytest.raises(UsageError, match="darkness"):
        overlay(photo, spotlight(4, 4), darkness=1.5)


def test_the_photograph_is_left_alone_and_any_source_will_do(photo, spotlight, tmp_path):
    photo.save(tmp_path / "a.png")
    one = overlay(photo, spotlight(0, 0))
    assert np.array_equal(one, overlay(tmp_path / "a.png", spotlight(0, 0)))
    assert photo.getcolors() == [(60000, (150, 150, 150))]
    with pytest.raises(ImageError, match="none.jpg"):
        overlay(tmp_path / "none.jpg", spotlight(0, 0))


def test_wrong_grids(photo):
    for bad in (np.ones((2, 3, 3)), np.ones((0, 3)), np.full((3, 3), np.inf)):
        with pytest.raises(UsageError, match="rows, columns"):
            overlay(photo, bad)
