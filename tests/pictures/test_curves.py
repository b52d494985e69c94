"""The curves of a training."""

from __future__ import annotations

import math

import numpy as np
import pytest

from looksay.errors import UsageError
from looksay.images import open_image
from looksay.pictures import training_curves
from looksay.pictures.curves import ticks

BLUE, ORANGE, GREEN = (0, 114, 178), (213, 94, 0), (0, 122, 90)


def drawn(path, colour) -> np.ndarray:
    """The (y, x) places of a colour."""
    pixels = np.asarray(open_image(path)).astype(int)
    return np.argwhere(np.abs(pixels - colour).sum(axis=2) < 12)


def test_falling_loss_and_rising_cider(tmp_path):
    history = [
        {"loss": 3.6 - 0.2 * n, "val_loss": 3.2 - 0.05 * n, "dev_cider": 0.3 + 0.02 * n}
        for n in range(9)
    ]
    path = training_curves(history, tmp_path / "run" / "curves.png")
    for colour, falls in ((BLUE, True), (ORANGE, True), (GREEN, False)):
        places = drawn(path, colour)
        plot = places[places[:, 1] < 760]
        first, last = plot[plot[:, 1].argmin()][0], plot[plot[:, 1].argmax()][0]
        assert (last > first) == falls  # y grows downwards
    assert drawn(path, GREEN)[:, 0].min() > drawn(path, BLUE)[:, 0].max()


def test_the_best_epoch_is_marked(tmp_path):
    history = [{"dev_cider": value} for value in (0.1, 0.5, 0.3, 0.2, 0.2)]
    path = training_curves(history, tmp_path / "a.png")
    peak = drawn(path, GREEN)[0]
    around = open_image(path).convert("L").crop((peak[1] - 12, peak[0] - 9, peak[1] + 12, peak[0]))
    assert (np.asarray(around) < 60).sum() > 10


@pytest.mark.parametrize(
    "history",
    [
        [],
        [{"loss": 3.0}],
        [{"loss": 2.0, "dev_cider": 0.0}] * 3,
        [{"loss": math.nan, "val_loss": math.inf}, {"loss": 2.5, "cider": None}],
        [{"epoch": epoch, "loss": 1 / epoch, "dev_cider": 0.5} for epoch in range(5, 200)],
    ],
)
def test_short_gappy_and_long_histories(tmp_path, history):
    path = training_curves(history, tmp_path / "a.png")
    assert open_image(path).size == (900, 676)


def test_ticks_are_round_and_cover_the_range():
    assert ticks(1.9, 3.6, most=5) == [1.5, 2, 2.5, 3, 3.5, 4]
    assert ticks(34.2, 51.3, most=5) == [30, 35, 40, 45, 50, 55]
    assert ticks(1, 9, most=12, whole=True) == list(range(1, 10))
    assert ticks(1, 2, most=12, whole=True) == [1, 2]
    for low, high in ((0, 1e-5), (-3, 4), (1000, 1001)):
        values = ticks(low, high, most=5)
        assert values[0] <= low and values[-1] >= high and len(values) <= 7


def test_an_impossible_place(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        training_curves([], tmp_path / "file" / "a.png")
