"""Beam search against exhaustive search, against greedy search, and in batches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import FIRST, ToyStepper, features

from looksay.decoding import DecodingOptions, decode
from looksay.decoding.beam import Beam
from looksay.decoding.decode import _run
from looksay.text import END

toys = st.builds(
    ToyStepper,
    num_words=st.integers(1, 12),
    seed=st.integers(0, 10**6),
    end_bias=st.floats(-3, 3),
)
searches = st.builds(
    DecodingOptions,
    beam_size=st.integers(2, 12),
    max_words=st.integers(1, 8),
    min_words=st.integers(0, 1),
    length_power=st.sampled_from([0.0, 0.7, 1.0, 2.0]),
    no_repeat_ngram=st.integers(0, 3),
)
GREEDY = DecodingOptions(method="greedy")


def exhaustive(toy: ToyStepper, picture: int, options: DecodingOptions):
    """All sentences with their scores, best first."""
    found = []
    for tokens in toy.sentences(options):
        log_probs, _ = toy.score(picture, tokens)
        score = float(log_probs.sum(dtype=np.float64)) / len(tokens) ** options.length_power
        found.append((score, tokens))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("length_power", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_is_exact(seed, length_power):
    toy = ToyStepper(3, seed)
    options = DecodingOptions(beam_size=150, num_captions=7, max_words=4, length_power=length_power)
    for picture, found in enumerate(decode(toy, features(0, 1, 2), options)):
        expected = exhaustive(toy, picture, options)[:7]
        assert [hypothesis.tokens for hypothesis in found] == [tokens for _, tokens in expected]
        assert [hypothesis.score for hypothesis in found] == pytest.approx(
            [score for score, _ in expected]
        )


@settings(deadline=None, max_examples=200)
@given(toy=toys, options=searches)
def test_a_beam_never_scores_below_greedy_search(toy, options):
    pictures = features(3, 14, 15, 9)
    greedy = decode(toy, pictures, dataclasses.replace(options, method="greedy"))
    for [best], [chain] in zip(decode(toy, pictures, options), greedy, strict=True):
        assert best.ended or not chain.ended
        if best.ended == chain.ended:
            assert best.score >= chain.score - 1e-9


@settings(deadline=None, max_examples=100)
@given(toy=toys, options=searches)
def test_the_search_of_one_beam_is_greedy_search(toy, options):
    pictures = features(0, 5, 7)
    search = Beam(3, dataclasses.replace(options, beam_size=1))
    _run(toy, search, *toy.encode(pictures, None))
    greedy = decode(toy, pictures, dataclasses.replace(options, method="greedy"))
    by_option = decode(toy, pictures, dataclasses.replace(options, beam_size=1))
    for picture in range(3):
        assert search.results(picture)[0].tokens == greedy[picture][0].tokens
        assert by_option[picture][0].tokens == greedy[picture][0].tokens


@settings(deadline=None, max_examples=100)
@given(toy=toys, options=searches, pictures=st.lists(st.integers(0, 500), min_size=1, max_size=9))
def test_a_batch_equals_its_pictures_one_by_one(toy, options, pictures):
    together = decode(toy, features(*pictures), options)
    for picture, found in zip(pictures, together, strict=True):
        [alone] = decode(toy, features(picture), options)
        assert [h.tokens for h in found] == [h.tokens for h in alone]
        assert [h.score for h in found] == [h.score for h in alone]


@settings(deadline=None, max_examples=100)
@given(toy=toys, options=searches, num_captions=st.integers(1, 12))
def test_each_sentence_carries_its_own_log_probs_and_attention(toy, options, num_captions):
    num_captions = min(num_captions, options.beam_size)
    options = dataclasses.replace(options, num_captions=num_captions)
    for picture, found in zip((8, 2), decode(toy, features(8, 2), options), strict=True):
        assert len({hypothesis.words for hypothesis in found}) == len(found)
        for hypothesis in found:
            log_probs, attention = toy.score(picture, hypothesis.tokens)
            assert hypothesis.log_probs == pytest.approx(log_probs)
            assert np.array_equal(hypothesis.attention, attention)
            assert hypothesis.log_prob == pytest.approx(float(log_probs.sum()), abs=1e-4)


@settings(deadline=None, max_examples=100)
@given(toy=toys, options=searches)
def test_sentences_keep_the_rules(toy, options):
    for [best] in decode(toy, features(1, 2, 3), options):
        assert all(token >= FIRST for token in best.words)
        assert (best.tokens[-1:] == (END,)) == best.ended
        assert len(best.words) <= options.max_words
        n = options.no_repeat_ngram
        grams = [best.words[i : i + n] for i in range(len(best.words) - n + 1)] if n else []
        assert len(set(grams)) == len(grams)


def test_the_minimum_length_is_kept():
    toy = ToyStepper(8, 1, end_bias=6)
    lengths = set()
    for min_words in (0, 1, 4):
        options = DecodingOptions(min_words=min_words)
        found = decode(toy, features(*range(6)), options)
        lengths |= {len(best.words) for [best] in found}
        assert all(len(best.words) >= min_words for [best] in found)
    assert 0 in lengths


def test_a_sentence_without_allowed_words_may_end_early():
    options = DecodingOptions(no_repeat_ngram=1, min_words=5, max_words=5, beam_size=3)
    [[best]] = decode(ToyStepper(2, 0), features(0), options)
    assert best.ended and len(best.words) == 2


def test_the_best_unfinished_sentence_is_returned_when_none_ends():
    toy = ToyStepper(5, 0, end_bias=-60)
    options = DecodingOptions(beam_size=4, num_captions=4, max_words=6)
    [found] = decode(toy, features(4), options)
    assert len(found) == 4
    assert not any(hypothesis.ended for hypothesis in found)
    assert all(len(hypothesis.tokens) == len(hypothesis.attention) == 6 for hypothesis in found)
    scores = [hypothesis.score for hypothesis in found]
    assert scores == sorted(scores, reverse=True)


def test_unfinished_sentences_fill_up_what_is_wanted_without_repeating_words():
    toy = ToyStepper(1, 0)
    options = DecodingOptions(beam_size=5, num_captions=5, max_words=3)
    [found] = decode(toy, features(4), options)
    assert [len(hypothesis.words) for hypothesis in found if hypothesis.ended] != []
    assert len({hypothesis.words for hypothesis in found}) == len(found) <= 4


def test_an_ended_sentence_stays_while_the_others_go_on():
    """A sure short sentence ends first; two longer ones, likelier by length, come after it."""

    class Script(ToyStepper):
        def step(self, tokens, memory, carry):
            _, attention, carry = super().step(tokens, memory, carry)
            log_probs = np.full((*tokens.shape, FIRST + 2), -20.0, np.float32)
            first = tokens == 1
            log_probs[first] = [-20, -20, -20, -20, np.log(0.5), np.log(0.4)]
            log_probs[tokens == FIRST, END] = np.log(0.9)
            log_probs[tokens == FIRST + 1, FIRST + 1] = np.log(0.97)
            log_probs[tokens == FIRST + 1, END] = np.log(0.03)
            return log_probs, attention, carry

    options = DecodingOptions(beam_size=2, num_captions=2, max_words=9, length_power=1.0)
    [found] = decode(Script(2, 0), features(0), options)
    assert (FIRST, END) in [hypothesis.tokens for hypothesis in found]
    short = next(h for h in found if h.tokens == (FIRST, END))
    assert short.score == pytest.approx(np.log(0.45) / 2)


def test_done_pictures_leave_the_batch_by_halves():
    toy = ToyStepper(6, 3, end_bias=1)
    decode(toy, features(*range(32)), DecodingOptions(beam_size=3))
    sizes = [size for size, _ in toy.batches]
    assert sizes[0] == 32 and sizes[-1] < 32
    assert set(sizes) <= {32, 16, 8, 4, 2, 1}
    assert [beams for _, beams in toy.batches] == [1] + [3] * (len(sizes) - 1)


def test_the_search_stops_when_no_beam_can_win():
    toy = ToyStepper(6, 3, end_bias=8)
    decode(toy, features(0), DecodingOptions(beam_size=5, max_words=50))
    assert len(toy.batches) < 10


def test_no_pictures_give_no_captions():
    assert decode(ToyStepper(3, 0), features()[:0], GREEDY) == []
