"""The grid becomes a smooth light of the right range in the right place."""

from __future__ import annotations

import numpy as np
import pytest

from looksay.errors import UsageError
from looksay.pictures.maps import check_attention, fit, light, light_mask, spread


def test_an_even_grid_stays_even_to_the_edge():
    assert np.allclose(spread(np.full((9, 9), 0.25), (160, 120)), 0.25)


@pytest.mark.parametrize(("rows", "columns"), [(9, 9), (7, 12), (1, 5), (14, 3)])
def test_spread_never_overshoots_and_keeps_places(rows, columns):
    grid = np.random.default_rng(0).random((rows, columns))
    smooth = spread(grid, (240, 180))
    assert smooth.shape == (180, 240)
    assert smooth.min() >= grid.min() - 1e-6 and smooth.max() <= grid.max() + 1e-6
    assert np.allclose(spread(grid[::-1], (240, 180)), smooth[::-1], atol=1e-5)
    assert np.allclose(spread(grid[:, ::-1], (240, 180)), smooth[:, ::-1], atol=1e-5)


def test_spread_is_smooth(spotlight):
    """No step between two pixels is more than a small part of the whole range: no blocks."""
    smooth = spread(spotlight(4, 4), (270, 270))
    steps = max(np.abs(np.diff(smooth, axis=axis)).max() for axis in (0, 1))
    assert steps < 0.04 * np.ptp(smooth)


def test_the_light_peaks_where_the_grid_does(spotlight):
    mask = np.asarray(light_mask(spotlight(2, 7), (900, 450)))
    down, across = np.unravel_index(mask.argmax(), mask.shape)
    assert abs(across / 900 - 7.5 / 9) < 0.03 and abs(down / 450 - 2.5 / 9) < 0.03
    assert mask.max() == 255 and mask[400:, :300].max() <= 2


def test_an_even_grid_lights_everything_and_noise_is_not_blown_up():
    assert light(np.full((5, 5), 0.04)).min() == 1
    noise = np.full((5, 5), 0.04) + np.random.default_rng(0).normal(0, 0.001, (5, 5))
    assert light(noise).min() > 0.8
    assert light(np.zeros((3, 3))).min() == 1


@pytest.mark.parametrize(
    ("words", "attention", "sentence"),
    [
        (["a"], np.ones((9, 9)), "shape"),
        (["a"], np.ones((1, 0, 9)), "shape"),
        (["a"], np.ones((2, 9, 9)), "end token"),
        (["a"], np.full((1, 9, 9), np.nan), "finite"),
        (["a"], np.full((1, 9, 9), -1.0), "negative"),
    ],
)
def test_wrong_attention_is_refused(words, attention, sentence):
    with pytest.raises(UsageError, match=sentence):
        check_attention(words, attention)


def test_fit():
    assert fit((4000, 3000), 300) == (300, 225)
    assert fit((200, 100), 300) == (200, 100)
    assert fit((9000, 2), 300) == (300, 1)
