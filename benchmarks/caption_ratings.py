"""Sums up captions rated by eye (see caption_sheets.py), and what the ratings say of confidence.

    python benchmarks/caption_ratings.py benchmarks/ratings/flickr8k-default.json \
        --data flickr8k:~/Flickr8k [--model BUNDLE] [--card]

Prints the shares right, partly right and wrong; how well "CIDEr-D reaches what a share of people's
captions stay below" agrees with "right" by eye, for several shares; and what the bundle's
confidence was of each kind. `--card` puts the shares and the rules into the bundle's card. Ratings
belong to the captions of one model: another bundle's, or changed captions, are refused.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

import looksay
from looksay.data import load_data
from looksay.evaluation.calibration import area_under_curve
from looksay.evaluation.confidence import PEOPLE_SHARE, score_against_people
from looksay.runtime import Bundle
from looksay.runtime.card import WIDTH, update_bundle
from looksay.runtime.manifest import required_files

HEADING = "How often it is right, by eye"
KINDS = ("right", "partly", "wrong")
SHARES = (0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.6)
SHIPPED = Path(looksay.__file__).parent / "bundles" / "default"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ratings", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--card", action="store_true", help="write the shares into the card")
    arguments = parser.parse_args()
    rated = json.loads(arguments.ratings.read_text(encoding="utf-8"))
    bundle = Bundle.open(arguments.model)
    if rated["files"] != {name: bundle.digest(name) for name in required_files(bundle.config)}:
        parser.error(f"{arguments.ratings} rates another model than {arguments.model}")
    ratings = np.array([each["rating"] for each in rated["pictures"]])
    if not set(ratings) <= set(KINDS):
        parser.error(f"every rating must be one of {', '.join(KINDS)}")
    print("\n".join(f"{kind}: {np.sum(ratings == kind)} of {len(ratings)}" for kind in KINDS))
    records = load_data(arguments.data).split(rated["split"])
    agreement = compare_with_scores(rated, ratings, records)
    told = compare_with_confidence(rated, ratings, records, arguments.model)
    if arguments.card:
        update_bundle(arguments.model, HEADING, card_lines(rated, ratings, [agreement, *told]))


def card_lines(rated: dict[str, Any], ratings: np.ndarray, more: list[str]) -> list[str]:
    """The card's section."""
    uncertain = (
        f"Rated by {rated['rater']}. From {len(ratings)} captions a share is uncertain by about "
        f"{interval(ratings):.0f} points either way."
    )
    return [
        f"{len(ratings)} photographs of {rated['data']}'s {rated['split']} split, drawn by chance "
        f"(seed {rated['seed']}), were looked at with",
        "their captions, and the captions rated:",
        "",
        "| rating | share | rule |",
        "|---|---|---|",
        *(
            f"| {kind} | {100 * np.mean(ratings == kind):.0f}% | {rated['rules'][kind]} |"
            for kind in KINDS
        ),
        "",
        *textwrap.wrap(" ".join([uncertain, *more]), WIDTH),
    ]


def interval(ratings: np.ndarray) -> float:
    """Half of the widest 95% interval of the three shares, in points."""
    shares = np.array([np.mean(ratings == kind) for kind in KINDS])
    return float(196 * np.sqrt(shares * (1 - shares) / len(ratings)).max())


def compare_with_scores(rated: dict[str, Any], ratings: np.ndarray, records: list) -> str:
    """Prints the table of both kinds of right, for each share of people's captions; returns a
    sentence about the share that confidence is learnt with."""
    sentence = ""
    captions = {each["name"]: each["caption"] for each in rated["pictures"]}
    texts = [captions.get(record.name, "") for record in records]  # "" scores 0, and is not read
    places = {record.name: i for i, record in enumerate(records)}
    rows = [places[name] for name in captions]
    right = ratings == "right"
    print("people below  threshold  both  score only  eye only  neither  agree  kappa")
    for share in SHARES:
        scores, threshold = score_against_people(records, texts, people_share=share)
        high = scores[rows] >= threshold
        cells = [np.sum(a & b) for a, b in ((high, right), (high, ~right), (~high, right))]
        agree = np.mean(high == right)
        chance = high.mean() * right.mean() + (1 - high.mean()) * (1 - right.mean())
        kappa = (agree - chance) / (1 - chance)
        both, only, missed = cells
        print(
            f"{share:12.0%}  {threshold:9.2f}  {both:4}  {only:10}  {missed:8}  "
            f"{len(ratings) - sum(cells):7}  {agree:5.0%}  {kappa:5.2f}"
        )
        if share == PEOPLE_SHARE:
            sentence = (
                f"What counts as right for the confidence (CIDEr-D {100 * threshold:.1f}) agrees "
                f"with right by eye in {agree:.0%} (Cohen's kappa {kappa:.2f}): {both} are right "
                f"by both, {only} by CIDEr-D alone, {missed} by eye alone."
            )
    for name, yes in (("right", right), ("not wrong", ratings != "wrong")):
        area = area_under_curve(scores[rows], yes.astype(float))
        print(f"area under the ROC curve of CIDEr-D for {name} by eye: {area:.2f}")
    return sentence


def compare_with_confidence(
    rated: dict[str, Any], ratings: np.ndarray, records: list, model: Path
) -> list[str]:
    """Prints the mean confidence of each kind, and how well confidence tells them apart; returns
    sentences about that."""
    images = {record.name: record.image for record in records}
    captioner = looksay.load(model, precision="f32")
    found = captioner([images[each["name"]] for each in rated["pictures"]])
    changed = sum(c.text != e["caption"] for c, e in zip(found, rated["pictures"], strict=True))
    if changed:
        print(f"{changed} captions are other ones than those rated (another precision?)")
    if any(caption.confidence is None for caption in found):
        return []
    sure = np.array([caption.confidence for caption in found])
    for kind in KINDS:
        print(f"mean confidence of {kind} captions: {sure[ratings == kind].mean():.2f}")
    order = np.argsort(-sure, kind="stable")[: len(sure) // 2]
    sentences = []
    for name, yes in (("right", ratings == "right"), ("not wrong", ratings != "wrong")):
        area = area_under_curve(sure, yes.astype(float))
        sentences.append(
            f"Of the more confident half {yes[order].mean():.0%} are {name} by eye, of all "
            f"{yes.mean():.0%} (area under the ROC curve of the confidence {area:.2f})."
        )
    print("\n".join(sentences))
    return sentences


if __name__ == "__main__":
    main()
