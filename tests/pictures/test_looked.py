"""A model that can look away: each kind of picture tells how much it looked."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image, ImageSequence

from looksay.pictures import attention_animation, attention_html, attention_panels
from looksay.pictures.looked import looked

WORDS = ["dog", "of"]


@pytest.fixture
def away(spotlight) -> np.ndarray:
    """A word that looks with 3/4 of its attention, and one with a tenth."""
    return np.array([0.75 * spotlight(0, 0), 0.1 * spotlight(4, 6)])


def test_shares_are_what_the_weights_add_up_to(away, spotlight):
    assert looked(away) == pytest.approx([0.75, 0.1])
    assert looked(away.reshape(2, -1)) == pytest.approx([0.75, 0.1])
    assert looked(np.array([spotlight(0, 0), spotlight(1, 1)])) is None
    assert looked(np.zeros((0, 1, 1))) is None


def test_panels_have_a_line_more(photo, away):
    whole = away / away.sum(axis=(1, 2), keepdims=True)
    told = np.asarray(attention_panels(photo, WORDS, away))
    silent = np.asarray(attention_panels(photo, WORDS, whole))
    assert told.shape[0] > silent.shape[0] and told.shape[1] == silent.shape[1]
    # the light is the same, and below the words something is written
    assert np.array_equal(told[: silent.shape[0] - 40], silent[: silent.shape[0] - 40])
    assert (told[silent.shape[0] - 10 :] < 200).any()


def test_the_page_tells_it_and_has_bars(photo, away):
    page = attention_html(photo, WORDS, away)
    data = json.loads(re.search(r'id="attention">(.*?)</script>', page)[1])
    assert data["looked"] == [0.75, 0.1]
    assert data["where"] == ["upper left, looked 75 %", "right, looked 10 %"]
    whole = away / away.sum(axis=(1, 2), keepdims=True)
    silent = re.search(r'id="attention">(.*?)</script>', attention_html(photo, WORDS, whole))[1]
    assert "looked" not in json.loads(silent)


def test_each_frame_of_an_animation_has_its_bar(photo, away, tmp_path):
    path = attention_animation(photo, WORDS, away, tmp_path / "away.gif")
    with Image.open(path) as animation:
        frames = [
            np.asarray(frame.convert("RGB"), int) for frame in ImageSequence.Iterator(animation)
        ]
    row = photo.height - 3
    yellow = [(np.abs(frame[row] - (255, 209, 102)).max(axis=-1) < 30).mean() for frame in frames]
    assert yellow == pytest.approx([0, 0.75, 0.1, 0], abs=0.02)
