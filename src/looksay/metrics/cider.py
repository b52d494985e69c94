"""CIDEr and CIDEr-D (Vedantam, Zitnick and Parikh 2015, arXiv:1411.5726): consensus of captions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from looksay.metrics.ngrams import (
    MAX_N,
    Counts,
    DocumentFrequencies,
    NGram,
    Tokens,
    check_pairs,
    count_ngrams,
)

SIGMA = 6.0  # of the penalty for another length, in tokens
SCALE = 10.0  # the paper's factor, which puts CIDEr-D near other metrics' size


@dataclass(frozen=True)
class Weighted:
    """A caption's n-grams weighted by count times idf, and the weights' norm for each n."""

    weights: dict[NGram, float]
    norms: tuple[float, ...]
    num_bigrams: int

    @classmethod
    def of(cls, counts: Counts, frequencies: DocumentFrequencies) -> Weighted:
        weights: dict[NGram, float] = {}
        squares, num_bigrams = [0.0] * MAX_N, 0
        for ngram, count in counts.items():
            weights[ngram] = weight = count * frequencies.idf(ngram)
            squares[len(ngram) - 1] += weight * weight
            if len(ngram) == 2:
                num_bigrams += count
        return cls(weights, tuple(map(math.sqrt, squares)), num_bigrams)


Similarity = Callable[[Weighted, Weighted], float]


def cider_d(
    references: Sequence[Sequence[Tokens]],
    candidates: Sequence[Tokens],
    frequencies: DocumentFrequencies | None = None,
) -> tuple[float, np.ndarray]:
    """CIDEr-D: the mean over the pictures, and each picture's, (pictures,); 0 to 10.

    Counts clipped to the reference's, Gaussian penalty for another length (in bigrams), the mean of
    n = 1 to 4. pycocoevalcap calls this one CIDEr. `frequencies` come from the references unless
    they are given.
    """
    return _score(references, candidates, frequencies, similarity_d, SCALE)


def cider(
    references: Sequence[Sequence[Tokens]],
    candidates: Sequence[Tokens],
    frequencies: DocumentFrequencies | None = None,
) -> tuple[float, np.ndarray]:
    """CIDEr as in the paper's equations 1 to 3: the mean, and each picture's, (pictures,); 0 to 1.

    The mean cosine between the candidate's and the references' weighted n-grams, for n = 1 to 4:
    no clipping, no penalty, no factor. The paper stems the words first; that is left out here.
    """
    return _score(references, candidates, frequencies, similarity, 1.0)


def similarity_d(candidate: Weighted, reference: Weighted) -> float:
    """The mean over n of CIDEr-D's similarity, without `SCALE`."""
    products = [0.0] * MAX_N
    others = reference.weights
    for ngram, weight in candidate.weights.items():
        other = others.get(ngram)
        if other:
            products[len(ngram) - 1] += min(weight, other) * other
    difference = candidate.num_bigrams - reference.num_bigrams
    return _cosine(products, candidate, reference) * math.exp(-(difference**2) / (2 * SIGMA**2))


def similarity(candidate: Weighted, reference: Weighted) -> float:
    """The mean over n of the cosine similarity."""
    products = [0.0] * MAX_N
    for ngram, weight in candidate.weights.items():
        products[len(ngram) - 1] += weight * reference.weights.get(ngram, 0.0)
    return _cosine(products, candidate, reference)


def _cosine(products: list[float], candidate: Weighted, reference: Weighted) -> float:
    total = 0.0
    for product, norm, other in zip(products, candidate.norms, reference.norms, strict=True):
        if product:
            total += product / (norm * other)
    return total / MAX_N


def weigh(
    references: Sequence[Sequence[Counts]], frequencies: DocumentFrequencies
) -> list[list[Weighted]]:
    """The references of every picture, ready for `score_cider`."""
    return [[Weighted.of(counts, frequencies) for counts in of_one] for of_one in references]


def score_cider(
    references: Sequence[Sequence[Weighted]],
    candidates: Sequence[Counts],
    frequencies: DocumentFrequencies,
    similar: Similarity = similarity_d,
    scale: float = SCALE,
) -> tuple[float, np.ndarray]:
    """The score for references weighed and candidates counted before."""
    scores = np.zeros(len(candidates))
    for i, (counts, others) in enumerate(zip(candidates, references, strict=True)):
        candidate = Weighted.of(counts, frequencies)
        scores[i] = scale * sum(similar(candidate, other) for other in others) / len(others)
    return float(scores.mean()), scores


def _score(
    references: Sequence[Sequence[Tokens]],
    candidates: Sequence[Tokens],
    frequencies: DocumentFrequencies | None,
    similar: Similarity,
    scale: float,
) -> tuple[float, np.ndarray]:
    check_pairs(references, candidates)
    counts = [[count_ngrams(tokens) for tokens in of_one] for of_one in references]
    frequencies = frequencies or DocumentFrequencies.from_counts(counts)
    counted = [count_ngrams(tokens) for tokens in candidates]
    return score_cider(weigh(counts, frequencies), counted, frequencies, similar, scale)
