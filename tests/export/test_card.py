"""The card says what a model sees and whose it is."""

from __future__ import annotations

import pytest

from looksay.export.card import model_card

RECIPE = {
    "name": "mine",
    "title": "Mine",
    "publication": "",
    "departures": (),
    "model": {"architecture": "up_down"},
}
FEATURES = {
    "backbone": "vgg16", "weights": "/home/me/vgg.pth", "regions": "none", "max_regions": 36,
    "detector": "/home/me/nano.onnx", "regions_file": "/home/me/bu.tsv",
}  # fmt: skip


def card(**features) -> str:
    return model_card(
        name="mine",
        recipe={**RECIPE, "features": {**FEATURES, **features}},
        data="coco",
        sizes={"parameters": 1, "words": 2, "train": 3, "dev": 4},
        scores={"CIDEr-D": 0.5},
        commands=[],
        licence="CC0",
        backbone_licence="MIT",
    )


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ("none", "Backbone: vgg16, frozen, weights of vgg.pth (MIT)\n- Parameters"),
        ("detector", "(MIT)\n- Regions: up to 36 a picture, found by nano.onnx\n"),
        ("proposals", "selective search: pip install 'looksay[regions]'"),
        ("file", "- Features: published ones of bu.tsv, up to 36 regions a picture (MIT)"),
    ],
)
def test_it_says_what_the_model_sees_without_anyones_folders(regions, words):
    text = card(regions=regions)
    assert words in text and "/home" not in text


def test_a_recipe_of_before_regions_has_a_card_too():
    features = {name: FEATURES[name] for name in ("backbone", "weights")}
    recipe = {**RECIPE, "features": features}
    text = model_card(
        name="mine", recipe=recipe, data="coco", scores={}, commands=[], licence="CC0",
        sizes={"parameters": 1, "words": 2, "train": 3, "dev": 4}, backbone_licence="MIT",
    )  # fmt: skip
    assert "Backbone: vgg16" in text and "Regions" not in text
