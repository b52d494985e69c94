"""The page holds everything, asks for nothing, and escapes what it is given."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looksay.pictures import attention_html, region

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parsed_page import Page  # noqa: E402


@pytest.fixture
def page(photo, spotlight) -> str:
    grids = np.array([spotlight(0, 0, 5, 7), spotlight(4, 6, 5, 7)])
    return attention_html(photo, ["dog", "runs"], grids, title="beach.jpg")


def test_nothing_comes_from_outside(page):
    assert not re.search(r"https?:|//[a-z]|@import|url\(|fetch\(|XMLHttp", page)
    for tag, attributes in Page(page).tags:
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
    assert "default-src 'none'" in page


def test_the_photograph_is_inside(page, photo):
    image = Page(page).find("img")[0]
    assert image["alt"] == "dog runs"
    data = base64.b64decode(image["src"].removeprefix("data:image/jpeg;base64,"))
    assert Image.open(io.BytesIO(data)).size == photo.size


def test_a_giant_photograph_makes_a_small_page(spotlight):
    giant = Image.effect_noise((4000, 3000), 30).convert("RGB")
    page = attention_html(giant, ["dog"], spotlight(1, 1)[None])
    image = Page(page).find("img")[0]
    assert (image["width"], image["height"]) == ("1200", "900") and len(page) < 1_500_000


def test_a_button_a_word_and_a_grid_each(page):
    parsed = Page(page)
    assert [text for text in parsed.texts["button"] if text.strip()][:2] == ["dog", "runs"]
    assert all(button["type"] == "button" for button in parsed.find("button"))
    data = json.loads(re.search(r'id="attention">(.*?)</script>', page).group(1))
    grids = np.array(data["grids"])
    assert grids.shape == (2, 5, 7) and grids.max() == 255
    assert grids[0].argmax() == 0 and grids[1].argmax() == 34
    assert data["where"] == ["upper left", "lower right"]
    assert any(p.get("role") == "status" for p in parsed.find("p"))


def test_everything_is_escaped(photo, spotlight):
    evil = ['<script>alert("1")</script>', "a&b", "it's", "@@photo", "$x"]
    page = attention_html(photo, evil, np.array([spotlight(1, 1)] * 5), title="</title><b>&'\"")
    parsed = Page(page)
    assert not parsed.find("b") and len(parsed.find("script")) == 2
    assert parsed.find("img")[0]["alt"] == " ".join(evil)
    assert parsed.texts["title"][0] == "</title><b>&'\"" and "@@photo" in parsed.texts["button"]


def test_no_template_mark_is_left(page):
    assert "@@" not in page


def test_no_words(photo):
    page = attention_html(photo, [], np.zeros((0, 9, 9)))
    assert "<title>A photograph</title>" in page and '"grids":[]' in page


def test_region(spotlight):
    assert region(spotlight(4, 4)) == "centre"
    assert region(spotlight(0, 4)) == "top" and region(spotlight(8, 4)) == "bottom"
    assert region(spotlight(3, 0, 7, 2)) == "left" and region(spotlight(0, 8)) == "upper right"
    assert region(np.full((9, 9), 1 / 81)) == "the whole picture"
