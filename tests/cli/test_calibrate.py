"""`looksay calibrate` on a toy bundle and photographs made up for it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import looksay as package
from looksay.runtime import Bundle

sys.path.insert(0, str(Path(__file__).parents[1]))

NUM_PICTURES = 80


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path_factory.mktemp("bundle") / "toy")


@pytest.fixture(scope="module")
def data(bundle, tmp_path_factory) -> Path:
    """Photographs with two captions each: of every second one, what the toy says of it."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (NUM_PICTURES, 8, 8, 3), np.uint8)
    said = [c.text for c in package.load(bundle, precision="f32")(list(pixels))]
    with (folder / "metadata.jsonl").open("w") as file:
        for number, (picture, text) in enumerate(zip(pixels, said, strict=True)):
            Image.fromarray(picture).save(folder / f"{number}.png")
            other = f"{number} things of the kind {number}"
            captions = [text, text] if number % 2 else [other, other]
            record = {"file_name": f"{number}.png", "captions": captions, "split": "dev"}
            file.write(json.dumps(record) + "\n")
    return folder


def test_a_bundle_learns_how_sure_to_be(looksay, bundle, data):
    result = looksay("calibrate", bundle, "--data", f"folder:{data}")
    assert result.status == 0, result.err
    assert result.lines[0].startswith("80 captions, ")
    opened = Bundle.open(bundle, verify_all=True)
    # those that the references quote, but for the shortest, which have few n-grams to score with
    assert 0.25 < opened.confidence.calibration["right"] <= 0.5
    assert opened.confidence.calibration["captions"] == NUM_PICTURES
    assert "## Confidence" in opened.file("card.md").read_text("utf-8")
    caption = looksay("caption", data / "0.png", "--model", bundle, "--format", "jsonl")
    assert 0 < caption.records[0]["confidence"] < 1
    greedy = looksay("caption", data / "0.png", "--model", bundle, "--format", "jsonl", "--greedy")
    assert "confidence" not in greedy.records[0]
    before = (bundle / "bundle.json").read_bytes()
    assert looksay("calibrate", bundle, "--data", f"folder:{data}").status == 0
    assert (bundle / "bundle.json").read_bytes() == before  # the same again


def test_too_few_captions_are_a_sentence_and_change_nothing(looksay, bundle, data, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    lines = (data / "metadata.jsonl").read_text().splitlines()[:12]
    (few / "metadata.jsonl").write_text("\n".join(lines) + "\n")
    for number in range(12):
        (few / f"{number}.png").write_bytes((data / f"{number}.png").read_bytes())
    before = (bundle / "bundle.json").read_bytes()
    result = looksay("calibrate", bundle, "--data", f"folder:{few}")
    assert result.status == 1 and result.out == ""
    sentence = "No confidence can be learnt: the split 'dev' has 12 captioned pictures"
    assert result.err.startswith(f"looksay: {sentence}")
    assert (bundle / "bundle.json").read_bytes() == before


def test_a_folder_that_is_no_bundle_is_a_sentence(looksay, data, tmp_path):
    result = looksay("calibrate", tmp_path, "--data", f"folder:{data}")
    assert result.status == 1 and "is no looksay bundle" in result.err
