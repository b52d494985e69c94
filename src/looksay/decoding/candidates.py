"""The best continuations of a picture's beams, among all words of all of them.

B pictures, P beams, W words, K continuations wanted.
"""

from __future__ import annotations

import itertools

import numpy as np

_SLICES = 8


def best_continuations(
    scores_BP: np.ndarray, words_BPW: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """The `size` best sums of a beam's score and a word's log-probability.

    Returns places (B, K) counted through all words of all beams of a picture, and totals (B, K);
    best first, of equals the first; where there are fewer, place 0 with the total -inf.

    The likeliest words of slices of the beams are continuations too, so the K-th best of those is
    a bound below which nothing matters, and little but the K best is above it. One pass finds the
    bound and one what reaches it: several times faster than partitioning all words.
    """
    num_rows, num_beams, num_words = words_BPW.shape
    least_BP = _least(scores_BP, words_BPW, size)
    found = np.flatnonzero(words_BPW >= least_BP[..., None])
    rows, places = np.divmod(found, num_beams * num_words)
    beams, words = np.divmod(places, num_words)
    totals = scores_BP[rows, beams] + words_BPW[rows, beams, words]
    order = np.append(np.lexsort((-totals, rows)), len(found))  # the last stands for none
    places, totals = np.append(places, 0), np.append(totals, -np.inf)
    edges = np.searchsorted(rows, np.arange(num_rows + 1))
    index_BK = edges[:-1, None] + np.arange(size)
    best_BK = order[np.where(index_BK < edges[1:, None], index_BK, len(found))]
    return places[best_BK], totals[best_BK]


def _least(scores_BP: np.ndarray, words_BPW: np.ndarray, size: int) -> np.ndarray:
    """The least log-probability (B, P) that a word of each beam needs to be looked at."""
    num_rows, num_beams, num_words = words_BPW.shape
    num_slices = min(max(_SLICES, size // num_beams + 1), num_words)
    edges = np.linspace(0, num_words, num_slices + 1).astype(int)
    best_BPS = np.stack(
        [words_BPW[..., a:b].max(axis=-1) for a, b in itertools.pairwise(edges)], axis=-1
    )
    leaders_BN = (scores_BP[..., None] + best_BPS).reshape(num_rows, -1)
    size = min(size, leaders_BN.shape[1])
    bound_B1 = np.partition(leaders_BN, -size, axis=1)[:, -size, None]
    dead_BP = scores_BP == -np.inf
    alive_BP = np.where(dead_BP, 0.0, scores_BP)
    # Rounding must not lose the worst of them, and forbidden words are never among them.
    least_BP = bound_B1 - alive_BP - 1e-15 * (np.abs(bound_B1) + np.abs(alive_BP))
    least_BP = np.nextafter(least_BP.astype(np.float32), np.float32(-np.inf))
    least_BP = np.maximum(least_BP, np.finfo(np.float32).min)
    return np.where(dead_BP, np.float32(np.inf), least_BP)
