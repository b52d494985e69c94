"""Greedy search and sampling."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from toy import FIRST, ToyStepper, features

from looksay.decoding import DecodingOptions, decode
from looksay.decoding.chains import Samples
from looksay.errors import LooksayError
from looksay.text import END, PAD, START, UNK

SAMPLE = DecodingOptions(method="sample", seed=7)


def tokens(found):
    return [[hypothesis.tokens for hypothesis in picture] for picture in found]


def test_greedy_search_takes_the_likeliest_token_each_time():
    toy = ToyStepper(9, 0)
    forbidden = [PAD, START, UNK]
    for picture, [found] in enumerate(
        decode(toy, features(0, 1, 2, 3), DecodingOptions(method="greedy"))
    ):
        state, previous = picture, START
        for t, token in enumerate(found.tokens):
            state = (toy.follow(state, previous) + picture) % len(toy.table)
            row = toy.table[state].copy()
            row[forbidden + ([END] if t == 0 else [])] = -np.inf
            assert token == row.argmax()
            previous = token
        log_probs, attention = toy.score(picture, found.tokens)
        assert found.log_probs == pytest.approx(log_probs)
        assert np.array_equal(found.attention, attention)


def test_greedy_search_that_does_not_end_is_cut():
    [[found]] = decode(
        ToyStepper(5, 0, end_bias=-50), features(0), DecodingOptions(method="greedy", max_words=4)
    )
    assert not found.ended and len(found.tokens) == len(found.log_probs) == 4


def test_the_same_seed_gives_the_same_samples_in_any_batch():
    toy = ToyStepper(9, 0)
    options = dataclasses.replace(SAMPLE, num_captions=3)
    together = tokens(decode(toy, features(5, 6, 7, 8), options))
    assert together == tokens(decode(toy, features(5, 6, 7, 8), options))
    parts = [
        tokens(decode(toy, features(5), options)),
        tokens(decode(toy, features(6, 7, 8), options, numbers=[1, 2, 3])),
    ]
    assert together == parts[0] + parts[1]
    other = tokens(decode(toy, features(5, 6, 7, 8), dataclasses.replace(options, seed=8)))
    assert together != other


def test_without_a_seed_samples_differ():
    toy = ToyStepper(50, 0)
    options = dataclasses.replace(SAMPLE, seed=None)
    assert tokens(decode(toy, features(5), options)) != tokens(decode(toy, features(5), options))


def test_samples_come_best_first_with_their_own_log_probs():
    toy = ToyStepper(9, 2)
    options = dataclasses.replace(SAMPLE, num_captions=6, temperature=2.0)
    for picture, found in enumerate(decode(toy, features(0, 1, 2), options)):
        assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
        for hypothesis in found:
            log_probs, attention = toy.score(picture, hypothesis.tokens)
            assert hypothesis.log_probs == pytest.approx(log_probs)
            assert np.array_equal(hypothesis.attention, attention)
            assert set(hypothesis.tokens).isdisjoint({PAD, START, UNK})


@pytest.mark.parametrize(
    "narrow", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-3}], ids=lambda n: next(iter(n))
)
def test_the_narrowest_sampling_is_greedy_search(narrow):
    toy = ToyStepper(9, 0)
    greedy = tokens(decode(toy, features(0, 1, 2), DecodingOptions(method="greedy")))
    assert tokens(decode(toy, features(0, 1, 2), SAMPLE.override(**narrow))) == greedy


def draws(log_probs, count, **options) -> np.ndarray:
    """How often each choice is drawn from one distribution, as shares."""
    search = Samples(SAMPLE.override(max_words=1, **options), range(count))
    choices = np.broadcast_to(np.asarray(log_probs, np.float32), (count, 1, len(log_probs)))
    return np.bincount(search.choose(choices)[:, 0], minlength=len(log_probs)) / count


def test_samples_follow_the_distribution():
    probabilities = np.array([0.05, 0.6, 0.25, 0.1])
    with np.errstate(divide="ignore"):
        shares = draws(np.log(probabilities), 4000)
    assert shares == pytest.approx(probabilities, abs=0.03)


def test_temperature_flattens_the_distribution():
    weights = np.array([0.05, 0.6, 0.25, 0.1]) ** 0.5
    shares = draws(2 * np.log(weights), 4000, temperature=2.0)
    assert shares == pytest.approx(weights / weights.sum(), abs=0.03)


def test_top_k_and_top_p_cut_the_tail():
    log_probs = np.log([0.05, 0.6, 0.25, 0.1])
    expected = [0, 0.6 / 0.85, 0.25 / 0.85, 0]
    assert draws(log_probs, 2000, top_k=2) == pytest.approx(expected, abs=0.04)
    assert draws(log_probs, 2000, top_p=0.7) == pytest.approx(expected, abs=0.04)
    assert draws(log_probs, 200, top_p=0.6)[1] == 1.0


def test_a_nucleus_wider_than_the_first_guess_is_whole():
    log_probs = np.full(500, -np.log(500))
    assert (draws(log_probs, 5000, top_p=0.9) > 0).sum() > 440


def test_repeats_are_blocked_in_every_method():
    toy = ToyStepper(3, 0, end_bias=-4)
    for method in ("greedy", "sample"):
        options = DecodingOptions(method=method, no_repeat_ngram=2, max_words=12, seed=0)
        for [found] in decode(toy, features(0, 1, 2), options):
            pairs = list(zip(found.words, found.words[1:], strict=False))
            assert len(set(pairs)) == len(pairs)
            assert min(found.words) >= FIRST


def test_probabilities_that_are_not_numbers_are_an_error():
    toy = ToyStepper(3, 0)
    toy.table[:] = np.nan
    for method in ("greedy", "beam", "sample"):
        with pytest.raises(LooksayError, match="not numbers"):
            decode(toy, features(0), DecodingOptions(method=method, seed=0))
