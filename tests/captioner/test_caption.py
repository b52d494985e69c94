"""A caption shows itself, and says the same as JSON."""

from __future__ import annotations

import dataclasses
import html
import json
import sys
import types

import numpy as np
import pytest
from PIL import Image

from looksay.captioner.caption import Caption
from looksay.errors import ImageError, UsageError


@pytest.fixture
def caption(captioner, folder) -> Caption:
    return captioner(folder / "0.png", num_captions=3)


def test_captions_do_not_change(caption):
    with pytest.raises(dataclasses.FrozenInstanceError):
        caption.text = "a cat"


def test_json_has_the_schema_of_version_1(caption, folder):
    record = json.loads(json.dumps(caption.to_json(), allow_nan=False))
    keys = "schema image caption words log_prob alternatives model error".split()
    assert list(record) == keys
    assert (record["schema"], record["error"], record["model"]) == (1, None, "toy")
    assert record["image"] == str(folder / "0.png")
    assert record["caption"] == " ".join(record["words"]) == caption.text
    assert record["log_prob"] <= 0
    assert [set(other) for other in record["alternatives"]] == [
        {"caption", "words", "log_prob"}
    ] * 2
    assert record["alternatives"][0]["caption"] == caption.alternatives[0].text


def test_json_has_attention_on_request(caption):
    record = json.loads(json.dumps(caption.to_json(attention=True)))
    attention = np.array(record["attention"])
    assert attention.shape == (len(caption.words), 2, 2)
    assert attention.sum(axis=(1, 2)) == pytest.approx(1, abs=1e-5)


def test_it_is_a_line_of_text_and_tells_about_itself(caption):
    assert str(caption) == caption.text
    assert repr(caption).startswith(f"Caption({caption.text!r}, log_prob=-")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".gif", ".webp"])
def test_pictures_are_saved_by_suffix(caption, tmp_path, suffix):
    path = tmp_path / f"attention{suffix}"
    caption.save_picture(path)
    with Image.open(path) as image:
        kind = {".jpg": "JPEG", ".JPEG": "JPEG"}.get(suffix, suffix[1:].upper())
        assert image.format == kind
        assert min(image.size) >= 8


def test_a_page_is_saved_with_its_words(caption, tmp_path):
    caption.save_picture(str(tmp_path / "attention.html"))
    page = (tmp_path / "attention.html").read_text("utf-8")
    assert all(word in page for word in caption.words)
    assert "://" not in page.replace("http://www.w3.org", "")


def test_what_cannot_be_drawn_is_told(caption, folder, pixels, tmp_path):
    with pytest.raises(UsageError, match=r"\.png, \.jpg, \.html"):
        caption.save_picture(tmp_path / "attention.pdf")
    (folder / "0.png").unlink()
    with pytest.raises(ImageError, match=r"0\.png"):
        caption.save_picture(tmp_path / "attention.png")
    caption.save_picture(tmp_path / "attention.png", photograph=pixels[0])
    assert (tmp_path / "attention.png").is_file()
    with pytest.raises(ImageError, match="does not know its picture"):
        dataclasses.replace(caption, source=None).photograph()


def test_a_notebook_shows_a_frame(caption, folder):
    frame = caption._repr_html_()
    assert frame.startswith("<iframe srcdoc=") and frame.count("<iframe") == 1
    assert caption.words[0] in html.unescape(frame)
    (folder / "0.png").unlink()
    assert caption._repr_html_() == f"<p>{caption.text}</p>"


def test_a_picture_given_as_bytes_is_shown_too(captioner, png):
    assert captioner(png).photograph().size == (8, 8)


def test_show_opens_a_viewer(caption, monkeypatch):
    shown = []
    monkeypatch.setattr(Image.Image, "show", lambda image, title=None: shown.append(title))
    caption.show()
    assert shown == [caption.text]


def test_show_displays_in_a_notebook(caption, monkeypatch):
    shown = []
    shell = types.SimpleNamespace(kernel=object())
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    ipython.display = types.ModuleType("IPython.display")
    ipython.display.display = shown.append
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython.display)
    caption.show()
    assert shown == [caption]
