"""Intervals and paired tests against slow loops, by their properties, and in time."""

from __future__ import annotations

import random

import numpy as np
import pytest

from looksay.errors import UsageError
from looksay.evaluation import bootstrap_intervals, compare_scores
from looksay.metrics import CaptionScorer, Scores, Sums

WORDS = "a the dog cat man runs sits on grass red big ball two".split()


def make_captions(num_images: int, seed: int) -> dict[str, str]:
    rng = random.Random(seed)
    return {
        f"{i}.jpg": " ".join(rng.choices(WORDS, k=rng.randint(3, 9))) for i in range(num_images)
    }


def spoil(captions: dict[str, str], every: int) -> dict[str, str]:
    """The captions, every so many of them empty."""
    return {n: "" if i % every == 0 else c for i, (n, c) in enumerate(captions.items())}


@pytest.fixture(scope="module")
def scorer() -> CaptionScorer:
    sets = [make_captions(60, seed) for seed in range(4)]
    return CaptionScorer({name: [one[name] for one in sets] for name in sets[0]})


def test_a_drawn_set_has_the_scores_of_its_captions(scorer):
    """A slow bootstrap, which scores every drawn set anew, gives the same interval."""
    captions = make_captions(60, 9)
    found = bootstrap_intervals(scorer.score(captions), resamples=50, seed=3)
    rng = np.random.default_rng(3)
    drawn = []
    for counts in rng.multinomial(60, np.full(60, 1 / 60), size=50):
        rows = np.repeat(np.arange(60), counts)
        again = CaptionScorer(
            {str(i): [" ".join(t) for t in scorer.references[row]] for i, row in enumerate(rows)},
            frequencies=scorer.frequencies,
        )
        again_captions = {str(i): captions[f"{row}.jpg"] for i, row in enumerate(rows)}
        drawn.append(again.score(again_captions).corpus)
    for name, ends in found.items():
        expected = np.quantile([one[name] for one in drawn], [0.025, 0.975])
        assert ends == pytest.approx(tuple(expected)), name


def test_intervals_hold_the_score_and_are_repeatable(scorer):
    scores = scorer.score(make_captions(60, 9))
    found = bootstrap_intervals(scores, seed=1)
    assert list(found) == list(scores.corpus)
    for name, (low, high) in found.items():
        assert low < scores.corpus[name] < high
    assert bootstrap_intervals(scores, seed=1) == found != bootstrap_intervals(scores, seed=2)


def test_more_resamples_than_a_chunk_are_the_same(scorer, monkeypatch):
    scores = scorer.score(make_captions(60, 9))
    whole = bootstrap_intervals(scores, resamples=70)
    monkeypatch.setattr("looksay.evaluation.resampling.CHUNK", 60 * 11)
    chunked = bootstrap_intervals(scores, resamples=70)
    assert chunked.keys() == whole.keys()
    for name, ends in whole.items():
        assert chunked[name] == pytest.approx(ends)


def test_a_system_against_itself(scorer):
    scores = scorer.score(make_captions(60, 9))
    for comparison in compare_scores(scores, scores, resamples=200).values():
        assert comparison.p == 1
        assert comparison.difference == comparison.low == comparison.high == 0


def test_a_better_system_is_found_and_the_order_makes_no_difference_to_p(scorer):
    good = {n: " ".join(t[0]) for n, t in zip(scorer.images, scorer.references, strict=True)}
    a, b = scorer.score(spoil(good, 3)), scorer.score(good)
    there, back = compare_scores(a, b), compare_scores(b, a)
    assert list(there) == list(a.corpus)
    for name, comparison in there.items():
        assert comparison.p == pytest.approx(1 / 1001) and comparison.low > 0
        assert comparison.a == pytest.approx(a.corpus[name])
        assert comparison.b == pytest.approx(b.corpus[name])
        assert back[name].p == comparison.p
        assert back[name].difference == -comparison.difference


def test_p_is_that_of_all_swaps_where_they_can_be_counted():
    """A mean over 8 pictures: 256 ways to swap, enumerated."""
    values = np.array([0.1, 0.3, -0.2, 0.25, 0.4, 0.05, 0.2, -0.1])
    a, b = (_one_mean(x) for x in (np.zeros(8), values))
    signs = 1 - 2 * ((np.arange(256)[:, None] >> np.arange(8)) & 1)
    exact = np.mean(np.abs(signs @ values / 8) >= abs(values.mean()) - 1e-12)
    assert compare_scores(a, b, resamples=20_000)["ROUGE-L"].p == pytest.approx(exact, abs=0.02)


def _one_mean(values: np.ndarray) -> Scores:
    sums = Sums(("ROUGE-L",), np.stack([values, np.ones(8)], 1), lambda s: s[:, :1] / s[:, 1:])
    return Scores.of([str(i) for i in range(8)], [sums])


def test_chance_alone_gives_even_ps():
    """Two systems that are equally good differ by p < 0.2 about one time in five."""
    rng = np.random.default_rng(0)
    ps = [
        compare_scores(_one_mean(rng.random(8)), _one_mean(rng.random(8)), resamples=99)
        for _ in range(200)
    ]
    share = np.mean([p["ROUGE-L"].p <= 0.2 for p in ps])
    assert 0.1 < share < 0.3


def test_what_cannot_be_compared_is_refused(scorer):
    scores = scorer.score(make_captions(60, 9))
    other = CaptionScorer({"x.jpg": ["a dog"]}).score({"x.jpg": "a dog"})
    with pytest.raises(UsageError, match="same pictures"):
        compare_scores(scores, other)
    with pytest.raises(UsageError, match="resamples"):
        bootstrap_intervals(scores, resamples=0)
