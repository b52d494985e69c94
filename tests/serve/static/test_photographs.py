"""Large, turned and unusual photographs: what is sent, and what is shown."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

ORIENTATION = 0x0112


def photograph(helpers, size, kind="JPEG", turned=1, **options):
    """The dog with its head up, at a size, stored turned as a telephone stores it."""
    image = Image.open(helpers.photographs / "dog.jpg").convert("RGB").resize(size)
    if turned == 6:
        image = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    file = io.BytesIO()
    image.save(file, kind, **({"exif": exif, "quality": 97} if kind == "JPEG" else {}) | options)
    return file.getvalue()


@pytest.fixture
def bring(visit, helpers, monkeypatch):
    """Gives the page a file; the page, and the name and bytes that the service got."""
    from looksay.serve import routes

    got, read = [], routes.read_pictures

    async def noting(*arguments):
        got.extend(await read(*arguments))
        return got[-1:]

    monkeypatch.setattr(routes, "read_pictures", noting)

    def one(name, content, kind="image/jpeg"):
        page = visit()
        helpers.give(page, name, content, kind)
        helpers.settle(page)
        (picture,) = got
        return page, picture.name, bytes(picture.data)

    return one


def test_a_small_photograph_is_sent_as_it_is(bring, helpers):
    content = photograph(helpers, (640, 480))
    _, name, sent = bring("ördog.jpg", content)
    assert (name, sent) == ("ördog.jpg", content)


def test_a_telephones_photograph_is_shrunk_and_upright(bring, helpers):
    content = photograph(helpers, (3600, 4800), turned=6)
    assert len(content) > 2_000_000
    page, name, sent = bring("IMG_2.jpg", content)
    assert name == "IMG_2.jpg" and len(sent) < 1_000_000
    image = Image.open(io.BytesIO(sent))
    assert image.size == (1200, 1600) and ORIENTATION not in image.getexif()
    upright = Image.open(helpers.photographs / "dog.jpg").convert("RGB").resize((60, 80))
    difference = np.asarray(image.resize((60, 80))).astype(int) - np.asarray(upright)
    assert np.abs(difference).mean() < 6
    box = page.locator(".stage").bounding_box()
    assert box["height"] / box["width"] == pytest.approx(4 / 3, rel=0.02)
    assert len(helpers.words(page)) > 3


def test_a_small_turned_photograph_is_lit_upright(bring, helpers):
    page, _, sent = bring("turned.jpg", photograph(helpers, (300, 400), turned=6))
    page.locator(".words button").nth(2).hover()
    assert helpers.overlay(page).shape == (400, 300, 3)


def test_what_only_the_service_can_read_has_a_caption_and_no_stage(bring, helpers):
    page, _, _ = bring("scan.tiff", photograph(helpers, (300, 200), "TIFF"), "image/tiff")
    assert len(helpers.words(page)) > 3
    assert not page.locator(".stage").is_visible()
    assert not page.get_by_role("button", name="Play", exact=True).is_visible()
    assert not page.get_by_role("button", name="Download picture").is_visible()
    page.locator(".words button").first.hover()  # says where, though it cannot show it
    assert "looked at" in page.locator(".where p").text_content()


def test_a_see_through_picture_lies_on_white(bring, helpers):
    file = io.BytesIO()
    Image.new("RGBA", (300, 200), (0, 0, 0, 0)).save(file, "PNG")
    page, _, _ = bring("clear.png", file.getvalue(), "image/png")
    page.locator(".words button").first.hover()
    pixels = helpers.overlay(page)
    assert pixels.min() > 60  # white at dusk; black would be nearly 0
