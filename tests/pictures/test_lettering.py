"""Words fit, and a font is found that has their letters."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from looksay.pictures import lettering


def test_latin_text_gets_the_font_pillow_carries():
    font = lettering.font_for("A dog's t-shirt & co.", 24)
    assert font.getname() == ImageFont.load_default(24).getname()
    assert lettering._missing(font, frozenset("dog")) == 0


def test_letters_a_font_lacks_are_noticed():
    assert lettering._missing(ImageFont.load_default(24), frozenset("dog狗")) == 1


def test_without_any_font_of_a_script_the_rest_is_still_written(monkeypatch):
    monkeypatch.setattr(lettering, "_SYSTEM_FONTS", ("no such font.ttf",))
    assert lettering.font_for("狗 dog", 20).getname() == ImageFont.load_default(20).getname()


def test_accents_are_dropped_where_the_font_lacks_them(monkeypatch):
    monkeypatch.setattr(lettering, "_SYSTEM_FONTS", ())
    assert lettering.printable("un chien gris foncé, Öl", lettering.font_for("é", 20)) == (
        "un chien gris fonce, Ol"
    )


def test_wrap_and_shorten():
    font = lettering.font_for("words", 20)
    words = "a small brown dog runs along the beach".split()
    lines = lettering.wrap(words, font, 120)
    assert sum(lines, []) == words and len(lines) > 2
    assert all(font.getlength(" ".join(line)) <= 121 for line in lines)
    assert lettering.wrap(["w" * 99, "a"], font, 50) == [["w" * 99], ["a"]]
    assert lettering.wrap([], font, 50) == []
    short = lettering.shorten("w" * 99, font, 100)
    assert short.endswith("...") and font.getlength(short) <= 100


def test_the_small_font_of_a_pillow_without_freetype(monkeypatch):
    if not hasattr(ImageFont, "load_default_imagefont"):
        pytest.skip("this Pillow gives its bitmap font only where FreeType is missing")
    bitmap = ImageFont.load_default_imagefont()
    monkeypatch.setattr(lettering, "_font", lambda name, size: None if name else bitmap)
    draw = ImageDraw.Draw(Image.new("RGB", (200, 50)))
    font = lettering.font_for("狗 dog", 20)
    for anchor in ("la", "ma", "rm"):
        lettering.write(draw, (90, 9), lettering.printable("狗 dog", font), font, anchor=anchor)


@pytest.mark.parametrize("text", ["two\nlines", "a\tb", " spaced  out "])
def test_printable_is_one_line(text):
    assert "\n" not in lettering.printable(text, lettering.font_for("a", 12))
