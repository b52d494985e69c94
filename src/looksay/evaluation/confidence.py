"""Learning a bundle's confidence from captions and references, and telling of it in the card.

Nobody has said of a user's captions which are right. One counts as right when it agrees with its
picture's references at least as well as people's captions agree with each other: when its CIDEr-D
reaches the middle (median) of what the references score, each left out and scored against the
others of its picture. So it needs two references a picture. `benchmarks/caption_ratings.py` tells
how that agrees with looking at the photographs.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from looksay.data import Record
from looksay.decoding import DecodingOptions
from looksay.errors import DataError
from looksay.evaluation.calibration import (
    NUM_FOLDS,
    cross_validate,
    describe_calibration,
    fit_logistic,
    standardise,
)
from looksay.metrics import DocumentFrequencies, tokenize_caption
from looksay.metrics.cider import score_cider, weigh
from looksay.metrics.ngrams import count_ngrams
from looksay.runtime.card import WIDTH
from looksay.runtime.confidence import SIGNS, Confidence, Weight

MIN_CAPTIONS = 50
MIN_OF_EACH = 10  # right and wrong ones: one for each fold
PEOPLE_SHARE = 0.5  # of people's captions score less than one that counts as right
HEADING = "Confidence"


def learn_confidence(
    records: Sequence[Record],
    captions: Sequence[str],
    signs: Sequence[Mapping[str, float]],
    decoding: DecodingOptions,
    *,
    split: str = "dev",
    frequencies: DocumentFrequencies | None = None,
) -> Confidence:
    """The confidence of captions made with `decoding`, one and its signs a record.

    frequencies: CIDEr's document frequencies; None: those of the records. DataError, in a sentence
    that says why, where these captions cannot teach it.
    """
    if decoding.method == "sample":
        raise DataError("the captions are samples, and a sample says nothing of the next one")
    if len(records) < MIN_CAPTIONS:
        raise DataError(
            f"the split {split!r} has {len(records)} captioned pictures, and it takes "
            f"{MIN_CAPTIONS} or more"
        )
    scores_N, threshold = score_against_people(records, captions, frequencies)
    yes_N = (scores_N >= threshold).astype(float)
    num_right = int(yes_N.sum())
    if min(num_right, len(records) - num_right) < MIN_OF_EACH:
        raise DataError(
            f"{num_right} of {len(records)} captions count as right, and it takes {MIN_OF_EACH} "
            "right and as many wrong ones"
        )
    signs_NF = np.array([[of_one[name] for name in SIGNS] for of_one in signs], np.float64)
    means_F, scales_F = standardise(signs_NF)
    bias, weights_F = fit_logistic((signs_NF - means_F) / scales_F, yes_N)
    probabilities_N = cross_validate(signs_NF, yes_N)
    return Confidence(
        bias=_plain(bias),
        signs={
            name: Weight(mean=_plain(mean), scale=_plain(scale), weight=_plain(weight))
            for name, mean, scale, weight in zip(SIGNS, means_F, scales_F, weights_F, strict=True)
        },
        decoding=decoding,
        right={
            "metric": "CIDEr-D",
            "people_share": PEOPLE_SHARE,
            "threshold": round(threshold, 4),
            "split": split,
        },
        calibration={"folds": NUM_FOLDS, **describe_calibration(probabilities_N, yes_N)},
    )


def score_against_people(
    records: Sequence[Record],
    captions: Sequence[str],
    frequencies: DocumentFrequencies | None = None,
    people_share: float = PEOPLE_SHARE,
) -> tuple[np.ndarray, float]:
    """The CIDEr-D of each caption (N,), and the one from which a caption counts as right."""
    references = [[count_ngrams(tokenize_caption(text)) for text in r.captions] for r in records]
    frequencies = frequencies or DocumentFrequencies.from_counts(references)
    weighed = weigh(references, frequencies)
    candidates = [count_ngrams(tokenize_caption(text)) for text in captions]
    _, scores_N = score_cider(weighed, candidates, frequencies)
    left_out = [
        (others[:i] + others[i + 1 :], counts)
        for of_one, others in zip(references, weighed, strict=True)
        for i, counts in enumerate(of_one)
        if len(of_one) > 1
    ]
    if len(left_out) < MIN_CAPTIONS:
        raise DataError(
            "too few pictures have two captions or more, and what counts as right is how well "
            "people's captions agree with each other"
        )
    others_of, people_say = zip(*left_out, strict=True)
    _, people = score_cider(others_of, people_say, frequencies)
    return scores_N, float(np.quantile(people, people_share))


def confidence_lines(confidence: Confidence) -> list[str]:
    """The card's section about confidence, its heading left to the card."""
    right, held = confidence.right, confidence.calibration
    decoding = confidence.decoding
    how = f"beam {decoding.beam_size}" if decoding.method == "beam" else decoding.method
    half = next(each["right"] for each in held["coverage"] if each["most_confident"] == 0.5)
    best = next(each["right"] for each in held["coverage"] if each["most_confident"] == 0.1)
    meaning = (
        "Each caption comes with the probability that it is right, from what the model knows of "
        f"its own search. A caption counts as right when its {right['metric']} reaches "
        f"{100 * right['threshold']:.1f}, which {_percent(1 - right['people_share'])} of people's "
        f"captions of the {right['split']} split reach against the others of their picture. "
        f"It holds for {how}, length power {decoding.length_power:g} and the other settings that "
        "the bundle has; captions made in another way have none."
    )
    figures = (
        f"Of {held['captions']:,} captions {_percent(held['right'])} are right; of the more "
        f"confident half {_percent(half)}, of the most confident tenth {_percent(best)}. "
        f"Calibration error {held['ece']:.3f}; Brier score {held['brier']:.3f}, against "
        f"{held['brier_of_share']:.3f} of saying {_percent(held['right'])} of each; area under the "
        f"ROC curve {held['auc']:.2f}. All this by cross-validation in {held['folds']} parts, the "
        "table in bins of equally many captions."
    )
    return [
        *textwrap.wrap(meaning, WIDTH),
        "",
        *textwrap.wrap(figures, WIDTH),
        "",
        "| captions | confidence | right |",
        "|---|---|---|",
        *(
            f"| {each['captions']} | {_percent(each['confidence'])} | {_percent(each['right'])} |"
            for each in held["bins"]
        ),
    ]


def confidence_table(confidence: Confidence) -> str:
    """The same for the command line."""
    held: dict[str, Any] = confidence.calibration
    lines = [f"{held['captions']} captions, {_percent(held['right'])} right", "confidence  right"]
    lines += [f"{_percent(b['confidence']):>10}  {_percent(b['right']):>5}" for b in held["bins"]]
    lines.append(
        f"calibration error {held['ece']:.3f}, Brier score {held['brier']:.3f} "
        f"(always {_percent(held['right'])}: {held['brier_of_share']:.3f}), "
        f"area under the ROC curve {held['auc']:.3f}"
    )
    for each in held["coverage"][:-1]:
        part = _percent(each["most_confident"])
        lines.append(f"of the most confident {part} {_percent(each['right'])} are right")
    return "\n".join(lines)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _plain(value: Any) -> float:
    """Ten digits: as good as all, and the same on every machine."""
    return float(f"{float(value):.10g}")
