"""What can be taken along: text, an alt attribute, JSON, and the picture of the attention."""

from __future__ import annotations

import html.parser
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looksay.pictures import attention_panels


def pressed(page, name):
    """What a button puts on the clipboard."""
    button = page.get_by_role("button", name=name)
    button.click()
    button.and_(page.locator("[data-done=Copied]")).wait_for()
    return page.evaluate("navigator.clipboard.readText()")


def test_the_caption_is_copied_as_text_alt_and_json(say, helpers, captioner):
    page = say()
    expected = captioner(helpers.photographs / "dog.jpg", beam_size=5, num_captions=4)
    assert pressed(page, "Copy text") == expected.text
    assert pressed(page, 'Copy alt="…"') == f'alt="{expected.text}"'
    record = json.loads(pressed(page, "Copy JSON"))
    schema = json.loads(
        (helpers.photographs.parent / "cli" / "caption.schema.json").read_text(encoding="utf-8")
    )
    pytest.importorskip("jsonschema").validate(record, schema)
    assert record["caption"] == expected.text and "attention" not in record
    other = expected.alternatives[1].text
    assert pressed(page, f"Copy: {other}") == other


def test_copying_works_without_the_clipboards_permission(say):
    page = say()
    page.evaluate("""() => {
        navigator.clipboard.writeText = () => Promise.reject(new Error("not a secure context"));
    }""")
    page.get_by_role("button", name="Copy text").focus()
    assert pressed(page, "Copy text") == page.locator(".stage img").get_attribute("alt")
    assert page.evaluate("document.activeElement.dataset.copy") == "text"


@pytest.mark.parametrize("caption", ('a "dog" & a cat', "<b>5 > 3</b>", "ein Hund läuft", "狗"))
def test_an_alt_attribute_says_what_the_caption_says(caption, visit):
    page = visit()
    alt = page.evaluate(
        "async text => (await import('/static/take.js')).altOf(text)",
        caption,
    )
    found = []
    parser = html.parser.HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append(dict(attributes))
    parser.feed(f"<img {alt}>")
    assert found == [{"alt": caption}]
    assert "<" not in alt


@pytest.mark.parametrize("name", ("dog", "photographer"))
def test_the_downloaded_picture_is_the_one_looksay_draws(name, say, helpers, captioner):
    path = helpers.photographs / f"{name}.jpg"
    page = say(path)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download picture").click()
    assert download.value.suggested_filename == f"{name}-attention.png"
    picture = Image.open(Path(download.value.path()))
    caption = captioner(path, beam_size=5)
    expected = attention_panels(path, caption.words, caption.attention, caption=caption.text)
    assert picture.format == "PNG" and picture.width == expected.width
    assert abs(picture.height - expected.height) < 30  # other fonts
    top = picture.height - expected.height  # the panels lie the same way below the title
    ours, theirs = (np.asarray(each.convert("RGB")).astype(int) for each in (picture, expected))
    for row, column in panels_of(expected):
        mine = ours[row + top : row + top + 200, column : column + 200]
        other = theirs[row : row + 200, column : column + 200]
        assert np.abs(mine - other).mean() < 4
        assert other.std() > 5


def panels_of(sheet):
    """Places within the first and the last panel of a sheet of square photographs."""
    white = (np.asarray(sheet.convert("L")) == 255).all(axis=1)
    first = 100 + int(np.argmax(~white[80:])) + 30
    return [(first, 28 + 50), (first, 28 + 316 + 50), (first, 28 + 2 * 316 + 50)]
