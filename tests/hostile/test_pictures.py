"""Hundreds of malformed pictures: each opens, or is refused with one sentence, soon and in little
memory."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import pytest
from hostile_pictures import good_pictures, hostile_pictures, many_scans
from PIL import Image

from looksay import images
from looksay.errors import ImageError
from looksay.images import colours
from looksay.images.open import picture_size

from .conftest import HANG_SECONDS, measured

needs_getrusage = pytest.mark.skipif(os.name == "nt", reason="Windows measures otherwise")
PEAK_MB = 1000  # a model, an engine and the largest of the pictures, 36 megapixels


def test_the_good_ones_are_good():
    for name, data in good_pictures().items():
        assert images.open_image(data).size == (96, 64), name


def test_each_opens_or_is_refused_with_a_sentence():
    opened, refused = 0, 0
    for name, data in hostile_pictures():
        began = time.process_time()
        try:
            picture = images.open_image(data, at_least=260)
            assert picture.mode == "RGB" and min(picture.size) >= 1, name
            opened += 1
        except ImageError as error:
            sentence = str(error)
            assert sentence.endswith(".") and "\n" not in sentence, (name, sentence)
            assert len(sentence) < 400, (name, sentence)
            refused += 1
        assert time.process_time() - began < HANG_SECONDS, name
        try:  # the size from the header alone
            assert min(picture_size(data, name)) >= 0, name
        except ImageError as error:
            assert str(error).endswith("."), name
    assert opened + refused > 400
    assert opened > 100 and refused > 150  # some damage cannot be seen


def test_a_jpeg_that_asks_for_minutes_of_work_is_refused():
    bomb = many_scans(11_000, 11_000, 20_000)  # 220 kB; it took three minutes
    with pytest.raises(ImageError, match="more than 100 scans"):
        images.open_image(bomb)


@pytest.mark.parametrize("kind", ["parts.jpg", "noise.jpg", "parts.png", "parts.gif", "noise.gif"])
def test_millions_of_parts_with_nothing_in_them_are_refused(corpus, kind):
    bomb = (corpus / f"bomb-{kind}").read_bytes()
    with pytest.raises(ImageError, match="more than (100,000|5,000) parts"):
        images.open_image(bomb)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "I;16", "I", "F"])
def test_a_picture_in_bands_is_the_same_picture(mode, monkeypatch):
    values = np.random.default_rng(0).integers(0, 60_000, (70, 50))
    if mode in ("RGBA", "LA"):
        picture = Image.fromarray((values % 256).astype(np.uint8)).convert(mode)
        picture.putalpha(Image.fromarray((values // 256).astype(np.uint8)))
    else:
        picture = Image.fromarray(values.astype({"I;16": "u2", "I": "i4", "F": "f4"}[mode]))
    assert picture.mode == mode
    whole = np.asarray(images.open_image(picture))
    monkeypatch.setattr(colours, "_BAND_PIXELS", 500)
    np.testing.assert_array_equal(np.asarray(images.open_image(picture)), whole)


def test_a_jpeg_of_many_scans_opens():
    assert images.open_image(many_scans(64, 64, 90)).size == (64, 64)


def test_scans_behind_the_picture_or_in_its_notes_are_not_counted():
    picture = good_pictures()["progressive.jpg"]
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x00"
    note = scan * 200
    noted = picture[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + picture[2:]
    for data in (picture + scan * 200, noted):
        assert images.open_image(data).size == (96, 64)


@needs_getrusage
def test_captioning_them_all(corpus, toy, tmp_path):
    ended = measured(
        "caption", str(corpus), "--model", str(toy), "--format", "jsonl", folder=tmp_path
    )
    assert ended.status == 1 and "Traceback" not in ended.errors, ended.errors[-2000:]
    records = [json.loads(line) for line in ended.said.splitlines()]
    names = [record["image"] for record in records]
    found = [path for path in images.find_images([corpus]) if not isinstance(path, ImageError)]
    assert sorted(names) == sorted(map(str, found)) and len(set(names)) == len(names) > 350
    for record in records:
        assert (record["caption"] is None) == (record["error"] is not None), record
    refused = [record for record in records if record["error"]]
    assert 150 < len(refused) < len(records) - 100
    assert sum(line.startswith("looksay: ") for line in ended.errors.splitlines()) >= len(refused)
    assert ended.peak_mb < PEAK_MB, ended.peak_mb


@needs_getrusage
def test_indexing_them_all(corpus, toy, tmp_path):
    words = ("index", str(corpus), "--database", "photos.db", "--model", str(toy), "--json")
    ended = measured(*words, folder=tmp_path)
    assert ended.status == 1 and "Traceback" not in ended.errors, ended.errors[-2000:]
    counts = json.loads(ended.said)
    assert counts["files"] > 350 and counts["captioned"] > 100 and counts["failed"] > 150
    assert ended.peak_mb < PEAK_MB, ended.peak_mb
    again = json.loads(measured(*words, folder=tmp_path).said)
    assert again["captioned"] == 0 and again["files"] == counts["files"]
