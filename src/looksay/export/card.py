"""The model card: what a model was made of, how good it is, and where it must not be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from looksay.features.backbone import IMAGENET, SYNONYMS
from looksay.runtime.card import FIGURES, LAST_SECTION, figure_lines, set_section

_FLICKR = (
    "The weights were trained on {}, whose photographs belong to their Flickr owners and are "
    "given for research and education: use these weights for research and education too."
)
_COCO = (
    "The weights were trained on MS-COCO, whose annotations are CC BY 4.0 and whose photographs "
    "are under the terms of their Flickr owners: see cocodataset.org before you use these weights."
)
# by the kind of data set, as in `looksay.data.load_data`'s addresses
LICENCES = {
    "flickr8k": _FLICKR.format("Flickr8k"),
    "flickr30k": _FLICKR.format("Flickr30k"),
    "coco": _COCO,
    "coco2014": _COCO,
    "coco2017": _COCO,
    "karpathy": "The weights are under the terms of the data set that the Karpathy file divides.",
}
# the data sets of these that are English; a Karpathy file may divide any
ENGLISH = frozenset(LICENCES) - {"karpathy"}
OWN_LICENCE = "The weights were trained on data of the user's own; its owner decides on their use."

_CAVEAT = "The dev split chose the epoch, so these figures are a little kinder than a test split's."

LIMITS = (
    "The model knows what its captions knew. It names people by looks (man, woman, boy, girl) as",
    "the annotators did, and takes over their guesses about gender and age. What is not in the",
    "training photographs it calls by the nearest thing that is. It cannot read text, counts",
    "badly, and a fluent caption can be wrong: where somebody relies on it, let a person check.",
    "Attention shows what a word depended on most; it is no proof that the word is right.",
)


def model_card(
    *,
    name: str,
    recipe: Mapping[str, Any],
    data: str,
    sizes: Mapping[str, int],
    scores: Mapping[str, float],
    commands: Sequence[str],
    licence: str,
    backbone_licence: str,
    language: str = "",
    sections: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Markdown. sizes: pictures of each split, words, parameters. scores: fractions, dev split.
    language: the captions', a tag, "" where nobody said it. sections: the lines of further ones,
    by heading."""
    publication = recipe["publication"] or "the recipe"
    lines = [
        f"# {name}",
        "",
        recipe["title"] or f"A captioner made by the recipe {recipe['name']}.",
        "",
        f"- Architecture: {recipe['model']['architecture']}, after {publication}",
        *(f"  - departs: {departure}" for departure in recipe["departures"]),
        *_seen(recipe["features"], backbone_licence),
        f"- Parameters of the decoder: {sizes['parameters']:,}; words: {sizes['words']:,}",
        f"- Training data: {data}, {sizes['train']:,} pictures; "
        f"the epoch was chosen on {sizes['dev']:,} dev pictures",
        *([f"- Language of the captions: {language}"] if language else []),
        f"- Licence of the weights: {licence}",
        "",
        f"## {FIGURES}",
        "",
        *figure_lines(scores, commands, _CAVEAT),
        "",
        f"## {LAST_SECTION}",
        "",
        *LIMITS,
        "",
    ]
    card = "\n".join(lines)
    for heading, section in (sections or {}).items():
        card = set_section(card, heading, section)
    return card


def _seen(features: Mapping[str, Any], licence: str) -> list[str]:
    """The lines that say what the model sees, and under which licence."""
    regions = features.get("regions", "none")
    if regions == "file":
        name = PurePath(features["regions_file"]).name
        return [
            f"- Features: published ones of {name}, up to {features['max_regions']} regions a "
            f"picture ({licence}); plain photographs have none, so it cannot caption them"
        ]
    layer = features.get("trained_from", "")
    trained = f"trained after its layer {layer}" if layer else "frozen"
    lines = [f"- Backbone: {features['backbone']}, {trained}, {_weights(features)} ({licence})"]
    if regions == "detector":
        name = PurePath(features["detector"]).name
        lines.append(f"- Regions: up to {features['max_regions']} a picture, found by {name}")
    if regions == "proposals":
        lines.append(
            f"- Regions: up to {features['max_regions']} a picture, by OpenCV's selective search: "
            "pip install 'looksay[regions]'"
        )
    return lines


def _weights(features: Mapping[str, Any]) -> str:
    """Which weights the backbone had; a file's name without its folder, which is nobody's
    business."""
    written = features["weights"]
    weights = SYNONYMS.get(written, written)
    if weights == IMAGENET:
        return "ImageNet weights"
    return "random weights" if weights is None else f"weights of {PurePath(weights).name}"
