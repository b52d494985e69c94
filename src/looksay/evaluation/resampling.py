"""How sure a score is: bootstrap intervals, and a paired test of two systems.

Pictures are drawn again and again, and the metrics' sums are made from those drawn (Koehn 2004,
https://aclanthology.org/W04-3250), so that BLEU and METEOR are a corpus's, no means. CIDEr's
document frequencies stay those of the whole set.

N pictures, K resamples, S columns of a metric's sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from looksay.errors import UsageError
from looksay.metrics import Scores, Sums

CHUNK = 2_000_000  # numbers drawn at a time: bounds the memory, whatever N is
LEVEL = 0.95  # of the intervals
TINY = 1e-12  # below it a difference is rounding

Draw = Callable[[np.random.Generator, int, int], np.ndarray]
Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One metric of two systems, as fractions. low, high: the 95% bootstrap interval of
    `difference`, b less a. p: see `compare_scores`."""

    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float


def bootstrap_intervals(
    scores: Scores, *, resamples: int = 1000, seed: int = 0
) -> dict[str, Interval]:
    """The 95% percentile interval of each score of the set."""
    found: dict[str, np.ndarray] = {}
    for sums in scores.sums:
        drawn = [sums.combine(w_KN @ sums.rows) for w_KN in _draw(_counts, scores, resamples, seed)]
        found |= dict(zip(sums.names, np.concatenate(drawn).T, strict=True))
    return {name: _interval(found[name]) for name in scores.corpus}


def compare_scores(
    a: Scores, b: Scores, *, resamples: int = 1000, seed: int = 0
) -> dict[str, Comparison]:
    """Two systems' scores of the same pictures, metric by metric.

    p is two-sided, by approximate randomisation (Noreen 1989): how often a difference as large
    appears when each picture's two captions are swapped by a coin's toss; (1 + times) / (1 +
    resamples). It is 1 for a system against itself, and no multiple comparisons are corrected for.
    Raises UsageError where the pictures differ.
    """
    if a.images != b.images:
        raise UsageError("Two systems can be compared on the same pictures only.")
    found: dict[str, Comparison] = {}
    for of_a in a.sums:
        for of_b in b.sums:
            if of_a.names == of_b.names:
                found |= _compare(a, of_a, of_b, resamples, seed)
    return {name: found[name] for name in a.corpus if name in found}


def _compare(scores: Scores, a: Sums, b: Sums, resamples: int, seed: int) -> dict[str, Comparison]:
    score_a, score_b = (part.combine(part.rows.sum(0, keepdims=True))[0] for part in (a, b))
    difference = score_b - score_a
    drawn = np.concatenate(
        [
            b.combine(w_KN @ b.rows) - a.combine(w_KN @ a.rows)
            for w_KN in _draw(_counts, scores, resamples, seed)
        ]
    )
    swapped = np.concatenate(
        [_swap(a, b, coins_KN) for coins_KN in _draw(_coins, scores, resamples, seed)]
    )
    as_large = np.sum(np.abs(swapped) >= np.abs(difference) - TINY, axis=0)
    p = (1 + as_large) / (1 + resamples)
    return {
        name: Comparison(
            a=float(score_a[i]),
            b=float(score_b[i]),
            difference=float(difference[i]),
            low=_interval(drawn[:, i])[0],
            high=_interval(drawn[:, i])[1],
            p=float(p[i]),
        )
        for i, name in enumerate(a.names)
    }


def _swap(a: Sums, b: Sums, coins_KN: np.ndarray) -> np.ndarray:
    """Differences of the scores, (K, metrics), with the pictures swapped whose coin is 1."""
    moved_KS = coins_KN @ (b.rows - a.rows)
    return b.combine(b.rows.sum(0) - moved_KS) - a.combine(a.rows.sum(0) + moved_KS)


def _draw(draw: Draw, scores: Scores, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """(K, N) in chunks, `resamples` rows in all; the same for the same seed and pictures."""
    if resamples < 1:
        raise UsageError(f"{resamples} resamples tell nothing; give 1 or more.")
    num_images = len(scores.images)
    rng = np.random.default_rng(seed)
    size = max(1, CHUNK // num_images)
    for start in range(0, resamples, size):
        yield draw(rng, min(size, resamples - start), num_images)


def _counts(rng: np.random.Generator, resamples: int, num_images: int) -> np.ndarray:
    """How often each picture is drawn, with replacement."""
    even = np.full(num_images, 1 / num_images)
    return rng.multinomial(num_images, even, size=resamples).astype(np.float64)


def _coins(rng: np.random.Generator, resamples: int, num_images: int) -> np.ndarray:
    return rng.integers(0, 2, size=(resamples, num_images)).astype(np.float64)


def _interval(drawn_K: np.ndarray) -> Interval:
    low, high = np.quantile(drawn_K, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
