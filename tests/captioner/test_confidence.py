"""How sure a captioner is, where its bundle says how to tell."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import looksay
from looksay.cli.calibrate import measure_caption
from looksay.decoding import DecodingOptions
from looksay.runtime.card import update_bundle
from looksay.runtime.confidence import SIGNS, Confidence, Weight

SCHEMA = json.loads((Path(looksay.__file__).parent / "cli" / "caption.schema.json").read_text())
OPTIONS = DecodingOptions(beam_size=3, max_words=8)  # the toy's own
CONFIDENCE = Confidence(
    bias=0.2,
    signs={name: Weight(mean=-0.1, scale=1.5, weight=0.3) for name in SIGNS},
    decoding=OPTIONS,
)


@pytest.fixture(scope="module")
def calibrated_folder(bundle_folder, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("calibrated") / "toy"
    shutil.copytree(bundle_folder, folder)
    update_bundle(folder, "Confidence", ["As it is."], confidence=CONFIDENCE.as_dict())
    return folder


@pytest.fixture(scope="module")
def calibrated(calibrated_folder):
    return looksay.load(calibrated_folder, precision="f32")


def test_captions_are_the_same_and_know_how_sure_they_are(calibrated, captioner, pixels):
    plain, sure = captioner(list(pixels)), calibrated(list(pixels))
    assert [c.text for c in sure] == [c.text for c in plain]
    assert [c.log_prob for c in sure] == [c.log_prob for c in plain]
    assert all(c.confidence is None for c in plain)
    found = np.array([c.confidence for c in sure])
    assert (found > 0).all() and (found < 1).all() and len(set(found.round(6))) > 10


def test_it_weighs_what_the_search_found(calibrated, pixels):
    for caption in calibrated(list(pixels[:8]), num_captions=3):
        signs = measure_caption(caption, calibrated.bundle)
        assert caption.confidence == pytest.approx(CONFIDENCE.of(signs), abs=1e-6)


def test_the_number_of_captions_asked_for_changes_nothing_but_that(calibrated, captioner, pixels):
    one = calibrated(pixels[3])
    for number in (1, 2, 3):
        caption = calibrated(pixels[3], num_captions=number)
        same = captioner(pixels[3], num_captions=number)
        assert caption.confidence == pytest.approx(one.confidence, abs=1e-6)
        assert [c.text for c in caption.alternatives] == [c.text for c in same.alternatives]
        assert all(other.confidence is None for other in caption.alternatives)


@pytest.mark.parametrize(
    "options",
    [
        {"method": "greedy"},
        {"method": "sample", "seed": 3},
        {"beam_size": 4},
        {"length_power": 0.0},
        {"max_words": 5},
        {"beam_groups": 3},
    ],
)
def test_another_search_has_none(calibrated, pixels, options):
    assert calibrated(pixels[0], **options).confidence is None


def test_an_ensemble_has_none(calibrated_folder, pixels):
    both = looksay.load([calibrated_folder, calibrated_folder], precision="f32")
    assert both(pixels[0]).confidence is None


def test_both_engines_agree(calibrated, calibrated_folder, pixels):
    pytest.importorskip("onnxruntime")
    other = looksay.load(calibrated_folder, engine="onnxruntime")
    ours, theirs = calibrated(list(pixels[:12])), other(list(pixels[:12]))
    assert [c.text for c in ours] == [c.text for c in theirs]
    assert [c.confidence for c in ours] == pytest.approx([c.confidence for c in theirs], abs=1e-4)


def test_json_has_it_where_it_is_known(calibrated, captioner, folder):
    record = calibrated(folder / "0.png", num_captions=2).to_json()
    jsonschema.validate(record, SCHEMA)
    assert 0 < record["confidence"] < 1
    assert "confidence" not in captioner(folder / "0.png").to_json()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**record, "confidence": 1.2}, SCHEMA)


def test_the_page_tells_it(calibrated, captioner, folder, tmp_path):
    caption = calibrated(folder / "0.png")
    caption.save_picture(tmp_path / "page.html")
    sure = f"({100 * caption.confidence:.0f}% sure)"
    assert sure in (tmp_path / "page.html").read_text("utf-8")
    assert sure in caption._repr_html_()
    captioner(folder / "0.png").save_picture(tmp_path / "plain.html")
    assert "% sure" not in (tmp_path / "plain.html").read_text("utf-8")
