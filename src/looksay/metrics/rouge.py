"""ROUGE-L (Lin 2004): the longest common subsequence, as pycocoevalcap weighs it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from looksay.metrics.ngrams import Tokens, check_pairs

BETA = 1.2  # recall counts more than precision


def rouge_l(
    references: Sequence[Sequence[Tokens]], candidates: Sequence[Tokens]
) -> tuple[float, np.ndarray]:
    """The mean over the pictures, and each picture's, (pictures,); 0 to 1.

    Precision and recall are each the best that any reference gives. A caption without tokens counts
    as one with an empty token, as it does there.
    """
    check_pairs(references, candidates)
    pairs = zip(candidates, references, strict=True)
    scores = np.array([_one(candidate, of_one) for candidate, of_one in pairs])
    return float(scores.mean()), scores


def _one(candidate: Tokens, references: Sequence[Tokens]) -> float:
    candidate = candidate or [""]
    places: dict[str, int] = {}
    for place, token in enumerate(candidate):
        places[token] = places.get(token, 0) | 1 << place
    precision = recall = 0.0
    for reference in references:
        common = _common(places, len(candidate), reference or [""])
        precision = max(precision, common / len(candidate))
        recall = max(recall, common / max(1, len(reference)))
    if not precision:
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def _common(places: dict[str, int], length: int, other: Tokens) -> int:
    """The length of the longest common subsequence of two token lists.

    `places` has, for each token of the first, its positions as bits. A row of the usual table is
    one integer, its steps of +1 are bits that are 0 (Hyyrö 2004).
    """
    row = full = (1 << length) - 1
    for token in other:
        hits = row & places.get(token, 0)
        row = ((row + hits) | (row - hits)) & full
    return length - row.bit_count()
