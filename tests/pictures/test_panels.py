"""The whole caption in one picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from looksay.pictures import attention_panels
from looksay.pictures.panels import _arrange

WORDS = "a brown dog and a small child are running along the wide sandy beach near the blue sea"


@pytest.mark.parametrize("count", [0, 1, 2, 5, 12, 20, 40])
def test_moderate_size_for_every_length(photo, spotlight, count):
    words = (WORDS.split() * 3)[:count]
    sheet = attention_panels(photo, words, np.array([spotlight(1, 1)] * count))
    assert sheet.mode == "RGB" and sheet.width <= 1700
    rows = -(-(count + 1) // 4)
    assert sheet.height <= 200 + rows * 280


@pytest.mark.parametrize("size", [(4000, 3000), (40, 30), (3000, 4000), (2000, 60), (60, 2000)])
def test_moderate_size_for_every_photograph(spotlight, size):
    sheet = attention_panels(Image.new("RGB", size), ["dog"] * 4, np.array([spotlight(1, 1)] * 4))
    assert sheet.width <= 1700 and sheet.height <= 1000


def test_photograph_first_then_a_panel_a_word(photo, spotlight):
    grids = np.array([spotlight(0, 0, 5, 7), spotlight(4, 6, 5, 7)])
    sheet = attention_panels(photo, ["dog", "runs"], grids)
    layout = _arrange(3, photo.size, 300)
    top = sheet.height - 14 - layout.height
    first, second, third = (
        np.asarray(sheet.crop((left, top, left + 300, top + 200)).convert("L"), dtype=float)
        for left, _ in map(layout.corner, range(3))
    )
    assert (first[20:180, 20:280] == 150).all()
    assert second[20, 25] > 120 and second[180, 280] < 80
    assert third[180, 275] > 120 and third[20, 20] < 80


def test_the_words_and_the_title_are_written(photo, spotlight):
    def ink(*words, **options):
        grids = np.array([spotlight(1, 1)] * len(words))
        sheet = attention_panels(photo, list(words), grids, **options).convert("L")
        return (np.asarray(sheet) < 100).sum()

    assert ink("i", caption="") < ink("mmmm", caption="") < ink("mmmm", caption="A dog.")
    assert ink("i") < ink("i", caption="another caption")


@pytest.mark.parametrize("word", ["狗", "собака", "كلب", "कुत्ता", "🐕", "l" * 300, "\n\t\0", ""])
def test_any_word_can_be_written(photo, spotlight, word):
    attention_panels(photo, [word, "dog"], np.array([spotlight(1, 1)] * 2))


def test_columns_leave_few_cells_empty():
    assert _arrange(8, (300, 200), 300).columns == 4
    assert _arrange(4, (300, 200), 300).columns == 4
    assert _arrange(21, (300, 200), 300).columns in (4, 5)
    assert all(_arrange(n, (300, 200), 300).rows <= -(-n // 4) + 1 for n in range(1, 41))
