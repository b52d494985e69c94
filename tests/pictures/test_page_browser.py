"""A page that stands alone lights words in a real browser, as looksay's other pictures do."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from looksay.pictures import Regions, attention_html
from looksay.pictures.maps import light, spread

BOXES = np.float32([[0.05, 0.1, 0.5, 0.9], [0.6, 0.2, 0.95, 0.8], [0, 0, 1, 1]])
WEIGHTS = np.float32([[0.8, 0.15, 0.05], [0.1, 0.85, 0.05]])


@pytest.fixture
def opened(browser, tmp_path):
    """Opens HTML as a file; afterwards nothing may have gone wrong in it."""
    page, problems = browser.new_page(), []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))

    def opened(html):
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_selector("#play:not([hidden])")
        return page

    yield opened
    page.close()
    assert not problems


def canvas(page, word: int) -> np.ndarray:
    """The pixels of the light over the photograph, once a word is shown at rest."""
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.wait_for_selector("#play:not([hidden])")
    page.hover(f".caption li:nth-child({word + 1}) button")
    return np.asarray(Image.open(io.BytesIO(bytes(page.evaluate(
        """async () => {
            const shown = document.querySelector("canvas");
            const blob = await new Promise(done => shown.toBlob(done));
            return Array.from(new Uint8Array(await blob.arrayBuffer()));
        }"""
    )))).convert("RGBA"))  # fmt: skip


def test_a_word_lights_where_a_grid_looks(opened, photo, spotlight):
    looks = np.array([spotlight(0, 0, 5, 7), spotlight(4, 6, 5, 7)])
    page = opened(attention_html(photo, ["dog", "runs"], looks))
    for word, look in enumerate(looks):
        lit = canvas(page, word)[..., 3] / 255
        expected = light(spread(look, lit.shape[::-1]))
        assert np.abs(lit - expected).max() < 0.06 and expected.max() == pytest.approx(1)


def test_a_word_lights_and_frames_the_boxes_it_looks_at(opened, photo):
    regions = Regions(BOXES, ("dog", "ball", ""))
    page = opened(attention_html(photo, ["dog", "ball"], WEIGHTS, regions=regions))
    for word in (0, 1):
        lit = canvas(page, word)
        high, wide = lit.shape[:2]
        levels = light(WEIGHTS[word])
        for number, (x0, y0, x1, y1) in enumerate(BOXES[:2]):
            middle = lit[int((y0 + y1) / 2 * high), int((x0 + x1) / 2 * wide), 3] / 255
            assert middle == pytest.approx(levels[number], abs=0.02)
        x0, y0, *_ = BOXES[word]
        frame = lit[int((BOXES[word][1] + BOXES[word][3]) / 2 * high), int(np.ceil(x0 * wide)) + 1]
        assert int(frame[0]) - int(frame[2]) > 60  # yellow, if thin
