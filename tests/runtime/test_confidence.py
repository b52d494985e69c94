"""The signs of a caption, and the section of bundle.json that weighs them."""

from __future__ import annotations

import json
import math
import os

import numpy as np
import pytest

from looksay.decoding import DecodingOptions, Hypothesis
from looksay.errors import BundleError
from looksay.runtime import Bundle
from looksay.runtime.card import set_section, update_bundle
from looksay.runtime.confidence import SIGNS, Confidence, measure_found, searched
from looksay.text import END

SECTION = {
    "bias": 0.25,
    "signs": {
        "weakest": {"mean": -1.0, "scale": 0.5, "weight": 0.8},
        "share": {"mean": 0.4, "scale": 0.1, "weight": -0.2},
    },
    "decoding": {"method": "beam", "beam_size": 3, "max_words": 8},
    "right": {"threshold": 0.6},
}


def said(tokens, log_probs, ended=True) -> Hypothesis:
    values = np.array(log_probs, np.float32)
    return Hypothesis(tuple(tokens), values, np.ones((len(tokens), 1)), -1.0, ended)


def test_signs_are_what_they_say():
    best = said([4, 6, END], [-0.5, -1.0, -1.5])
    other = said([5, END], [-1.0, -2.0 - math.log(2)])
    signs = measure_found([best, other])
    assert set(signs) == set(SIGNS)
    assert signs["log_prob"] == pytest.approx(-1) and signs["weakest"] == pytest.approx(-1)
    assert signs["num_words"] == 2
    assert signs["rarity"] == pytest.approx(math.log(3) / 2)  # the first word and the third
    assert signs["share"] == pytest.approx(2 / 3)  # twice as likely as the other
    assert measure_found([best])["share"] == 1


def test_a_caption_without_words_and_one_without_end_have_signs():
    assert measure_found([said([END], [-0.1])])["rarity"] == 0
    assert measure_found([said([4, 5], [-1, -3], ended=False)])["num_words"] == 2


def test_the_probability_is_the_logistic_of_the_weighed_signs():
    confidence = Confidence.from_dict(SECTION)
    signs = {"weakest": -0.5, "share": 0.3, "rarity": 99.0}
    assert confidence.of(signs) == pytest.approx(1 / (1 + math.exp(-(0.25 + 0.8 + 0.2))))
    assert 0 < confidence.of({"weakest": -1e9, "share": 1}) < 1e-6


@pytest.mark.parametrize(
    ("changes", "applies"),
    [
        ({}, True),
        ({"num_captions": 3}, True),
        ({"diversity": 0.9}, True),  # of no effect on one group
        ({"beam_size": 4}, False),
        ({"length_power": 1.0}, False),
        ({"max_words": 9}, False),
        ({"no_repeat_ngram": 2}, False),
        ({"method": "greedy"}, False),
        ({"method": "sample"}, False),
        ({"beam_groups": 3}, False),
    ],
)
def test_it_belongs_to_the_search_it_was_learnt_with(changes, applies):
    confidence = Confidence.from_dict(SECTION)
    options = DecodingOptions.from_dict({**SECTION["decoding"], **changes})
    assert confidence.applies(options) is applies
    assert searched(options).num_captions == (options.beam_size if options.method == "beam" else 1)


def test_a_sample_is_never_sure_of_itself():
    confidence = Confidence.from_dict({**SECTION, "decoding": {"method": "sample"}})
    assert not confidence.applies(DecodingOptions(method="sample"))


def change(folder, section) -> None:
    path = folder / "bundle.json"
    config = json.loads(path.read_text("utf-8")) | {"confidence": section}
    del config["sha256"]  # the seal, which the change would break
    path.write_text(json.dumps(config), "utf-8")


def test_a_bundle_keeps_it_and_its_card_tells_of_it(bundle_folder):
    assert Bundle.open(bundle_folder).confidence is None
    confidence = Confidence.from_dict(SECTION)
    (bundle_folder / "notes.txt").write_text("not the bundle's", "utf-8")
    for lines in (["It is so."], ["It is otherwise."]):
        update_bundle(bundle_folder, "Confidence", lines, confidence=confidence.as_dict())
    bundle = Bundle.open(bundle_folder, verify_all=True)
    assert bundle.confidence == confidence
    card = bundle.file("card.md").read_text("utf-8")
    assert card == "# A toy\n\n## Confidence\n\nIt is otherwise.\n"
    assert "notes.txt" not in bundle.config["files"]
    assert bundle.config["format"] == 1


def test_the_bundle_is_whole_at_every_moment_of_a_change(bundle_folder, monkeypatch):
    real, opened = os.replace, []

    def replace(source, target):
        real(source, target)
        opened.append(Bundle.open(bundle_folder, verify_all=True))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        update_bundle(bundle_folder, "Confidence", ["So."], confidence=SECTION)
    assert len(opened) == 3 and opened[0].confidence is None and opened[2].confidence


def test_damage_gets_no_hash_of_its_own(bundle_folder):
    path = bundle_folder / "step.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(BundleError, match="step.onnx is damaged"):
        update_bundle(bundle_folder, "Confidence", ["So."], confidence=SECTION)


def test_a_section_goes_before_the_limits():
    card = "# A\n\n## Figures\n\nmany\n\n## Bias and limits\n\nsome\n"
    once = set_section(card, "Confidence", ["so"])
    assert once == card.replace("## Bias", "## Confidence\n\nso\n\n## Bias")
    assert set_section(once, "Figures", ["few"]) == once.replace("many", "few")


NUMBER = {"mean": 0, "scale": 1, "weight": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bias": None}, "bias is None; it must be a number"),
        ({"bias": float("nan")}, "bias is nan"),
        ({"bias": float("inf")}, "bias is inf"),
        ({"bias": True}, "bias is True"),
        ({"bias": "1"}, "bias is '1'"),
        ({"signs": {}}, "has no 'signs'"),
        ({"signs": []}, "'signs' must be an object"),
        ({"signs": {"shares": NUMBER}}, r"no sign 'shares' \(did you mean 'share'\?\)"),
        ({"signs": {"share": 3}}, "mean, scale and weight"),
        ({"signs": {"share": {**NUMBER, "scale": 0}}}, "share scale is 0.0; it must be above 0"),
        ({"signs": {"share": {**NUMBER, "scale": -1}}}, "share scale is -1.0"),
        ({"signs": {"share": {**NUMBER, "weight": 1e9}}}, "share weight is"),
        ({"signs": {"share": {**NUMBER, "more": 1}}}, "nothing else"),
        ({"decoding": {"beam": 3}}, "no decoding option 'beam'"),
        ({"calibration": 3}, "'calibration' must be an object"),
        ({"biass": 3}, r"no 'biass' \(did you mean 'bias'\?\)"),
    ],
)
def test_odd_values_are_refused(bundle_folder, changes, message):
    change(bundle_folder, {**SECTION, **changes})
    with pytest.raises(BundleError, match=message) as caught:
        Bundle.open(bundle_folder)
    assert "'confidence' in" in str(caught.value)


def test_what_is_no_section_is_refused(bundle_folder):
    change(bundle_folder, [1])
    with pytest.raises(BundleError, match="'confidence' in .* must be an object"):
        Bundle.open(bundle_folder)
