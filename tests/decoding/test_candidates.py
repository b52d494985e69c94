"""The best continuations are those of a full sort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.decoding.candidates import best_continuations


def by_sorting(scores, words, size):
    totals = (scores[..., None] + words).reshape(len(scores), -1)
    missing = max(size - totals.shape[1], 0)
    totals = np.pad(totals, ((0, 0), (0, missing)), constant_values=-np.inf)
    order = np.argsort(-totals, axis=1, kind="stable")[:, :size]
    return order, np.take_along_axis(totals, order, axis=1)


@settings(deadline=None, max_examples=500)
@given(
    seed=st.integers(0, 10**6),
    num_rows=st.integers(1, 4),
    size=st.integers(1, 12),
    one_beam=st.booleans(),
    num_words=st.integers(1, 60),
    forbidden=st.sampled_from([0.0, 0.2, 0.95, 1.0]),
    dead=st.sampled_from([0.0, 0.4, 1.0]),
    ties=st.booleans(),
)
def test_they_are_those_of_a_full_sort(
    seed, num_rows, size, one_beam, num_words, forbidden, dead, ties
):
    rng = np.random.default_rng(seed)
    beams = 1 if one_beam else size
    words = -rng.exponential(3, (num_rows, beams, num_words)).astype(np.float32)
    scores = -rng.exponential(3, (num_rows, beams))
    if ties:
        words, scores = np.round(words), np.round(scores)
    words[rng.random(words.shape) < forbidden] = -np.inf
    scores[rng.random(scores.shape) < dead] = -np.inf
    places, totals = best_continuations(scores, words, size)
    expected_places, expected_totals = by_sorting(scores, words, size)
    assert np.array_equal(totals, expected_totals)
    possible = totals > -np.inf
    assert np.array_equal(places[possible], expected_places[possible])
    assert not places[~possible].any()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
def test_no_candidate_is_lost_to_rounding(scale):
    rng = np.random.default_rng(0)
    for _ in range(50):
        words = (-rng.random((3, 5, 200)) * scale).astype(np.float32)
        scores = -rng.random((3, 5)) * 1e3
        places, totals = best_continuations(scores, words, 5)
        expected_places, expected_totals = by_sorting(scores, words, 5)
        assert np.array_equal(places, expected_places)
        assert np.array_equal(totals, expected_totals)
