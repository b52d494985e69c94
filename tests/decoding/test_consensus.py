"""Beam search guided by a consensus, against exhaustive search and one of whole sentences."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import FIRST, NUM_STATES, ToyStepper, features

from looksay.decoding import DecodingOptions, decode
from looksay.decoding.beam import Beam
from looksay.decoding.consensus import GUIDANCE, KEPT, ConsensusBeam
from looksay.decoding.decode import _run
from looksay.decoding.diverse import DiverseBeam
from looksay.errors import UsageError
from looksay.text import END, START


class ToyConsensus:
    """Rewards of each word after another, made up for each picture, whatever its row is.

    An agreement is no sum of gains, so that neither can stand in for the other.
    """

    def __init__(self, pictures, num_words: int):
        self.tables = [
            np.random.default_rng(picture).normal(size=(num_words + 1, num_words))
            for picture in pictures
        ]

    def gains_after(self, row: int, words) -> np.ndarray:
        # exact, not in float32, so that ties with the reference's sums stay as unlikely as they are
        return self.tables[row][words[-1] - FIRST if len(words) else -1]

    def agreement(self, row: int, words) -> float:
        rewards = [self.gains_after(row, words[:i])[word - FIRST] for i, word in enumerate(words)]
        return float(np.sin(np.sum(rewards)))

    def gains(self, pictures_B, prefix_BKT):
        assert len(pictures_B) == len(prefix_BKT)
        return np.array(
            [
                [self.gains_after(row, words) for words in beams]
                for row, beams in zip(pictures_B, prefix_BKT, strict=True)
            ]
        )

    def agreements(self, pictures_M, words_MT):
        found = []
        for row, words in zip(pictures_M, words_MT, strict=True):
            ends = np.flatnonzero(words < 0)
            length = ends[0] if len(ends) else len(words)
            assert (words[length:] == -1).all()
            found.append(self.agreement(row, words[:length]))
        return np.array(found)


class Favour:
    """Rewards one word, in the beam or in the choice among finished sentences or in both."""

    def __init__(self, word: int, num_words: int, *, guides: bool = True, judges: bool = True):
        self.word, self.num_words, self.guides, self.judges = word, num_words, guides, judges

    def gains(self, pictures_B, prefix_BKT):
        gains = np.zeros((*prefix_BKT.shape[:2], self.num_words), np.float32)
        gains[..., self.word - FIRST] = self.guides * ~(prefix_BKT == self.word).any(axis=-1)
        return gains

    def agreements(self, pictures_M, words_MT):
        return self.judges * (words_MT == self.word).any(axis=1).astype(float)


class Silent(Favour):
    """Says nothing."""

    def __init__(self, num_words: int):
        super().__init__(FIRST, num_words, guides=False, judges=False)


def recall_of(toy: ToyStepper):
    num_words = toy.table.shape[1] - FIRST
    return lambda features, mask: ToyConsensus(features[:, 0, 0].astype(int), num_words)


toys = st.builds(
    ToyStepper,
    num_words=st.integers(1, 12),
    seed=st.integers(0, 10**6),
    end_bias=st.floats(-3, 3),
)


@st.composite
def searches(draw, most_groups: int = 1):
    groups, size = draw(st.integers(1, most_groups)), draw(st.integers(2, 5))
    return DecodingOptions(
        beam_size=groups * size,
        beam_groups=groups,
        num_captions=draw(st.integers(1, groups * size)),
        diversity=draw(st.sampled_from([0.0, 0.5, 5.0])),
        consensus=draw(st.sampled_from([0.05, 0.3, 2.0])),
        max_words=draw(st.integers(1, 6)),
        min_words=draw(st.integers(0, 1)),
        length_power=draw(st.sampled_from([0.0, 0.7, 2.0])),
    )


def own_score(hypothesis, options: DecodingOptions) -> float:
    return hypothesis.log_prob / len(hypothesis.tokens) ** options.length_power


def reference(toy: ToyStepper, picture: int, options: DecodingOptions):
    """The (score, words) that have ended, best first, and those that have not."""
    consensus = recall_of(toy)(features(picture), None)
    weight, power, size = options.consensus, options.length_power, options.beam_size
    live = {(): (0.0, 0.0)}  # log-probabilities, and what was gained beside them
    ended, unended = {}, {}
    for length in range(options.max_words + 1):
        longer, ends = {}, {}
        for words, (total, gained) in live.items():
            state = picture
            for token in (START, *words):
                state = (toy.follow(state, token) + picture) % NUM_STATES
            row, gains = toy.table[state], GUIDANCE * weight * consensus.gains_after(0, words)
            for word, gain in enumerate(gains, FIRST):
                longer[(*words, word)] = (total + float(row[word]), gained + gain)
            if length >= options.min_words:
                ends[words] = (total + float(row[END]), gained)
        best = sorted(longer, key=lambda words: sum(longer[words]), reverse=True)[:size]
        rivals = [*(sum(longer[words]) for words in best), *map(sum, ends.values())]
        bar = sorted(rivals, reverse=True)[:size][-1]
        for words, (total, gained) in ends.items():
            if total + gained >= bar:
                ended[words] = total / (length + 1) ** power
        if len(ended) >= KEPT * size:
            break
        live = {words: longer[words] for words in best}
        if length < options.max_words:
            unended = {words: total / (length + 1) ** power for words, (total, _) in live.items()}
    kept = sorted(ended, key=ended.__getitem__, reverse=True)[: KEPT * size]
    return [
        sorted(
            ((own[words] + weight * consensus.agreement(0, words), words) for words in chosen),
            reverse=True,
        )
        for own, chosen in ((ended, kept), (unended, unended.keys() - ended.keys()))
    ]


@settings(deadline=None, max_examples=80)
@given(toy=toys, options=searches())
def test_it_finds_what_the_reference_finds(toy, options):
    pictures = (3, 14, 15)
    results = decode(toy, features(*pictures), options, recall=recall_of(toy))
    for picture, found in zip(pictures, results, strict=True):
        ended, unended = reference(toy, picture, options)
        expected = ended[: options.num_captions]
        assert [h.words for h in found if h.ended] == [words for _, words in expected]
        assert [h.score for h in found if h.ended] == pytest.approx([s for s, _ in expected])
        rest = [h.words for h in found[len(expected) :]]
        assert set(rest) <= {words for _, words in unended}
        assert len(rest) == min(len(unended), options.num_captions - len(expected))


@settings(deadline=None, max_examples=60)
@given(toy=toys, options=searches())
def test_unfinished_sentences_come_by_their_scores_after_the_finished(toy, options):
    options = dataclasses.replace(options, num_captions=options.beam_size)
    for found in decode(toy, features(1, 2), options, recall=recall_of(toy)):
        ranks = [(not h.ended, -h.score) for h in found]
        assert ranks == sorted(ranks)


@pytest.mark.parametrize("weight", [0.1, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_is_exact(seed, weight):
    toy = ToyStepper(3, seed)
    options = DecodingOptions(beam_size=400, num_captions=30, max_words=4, consensus=weight)
    results = decode(toy, features(0, 1, 2), options, recall=recall_of(toy))
    for picture, found in enumerate(results):
        consensus, expected = recall_of(toy)(features(picture), None), []
        for tokens in toy.sentences(options):
            own = float(toy.score(picture, tokens)[0].sum(dtype=np.float64))
            agreement = consensus.agreement(0, tokens[:-1])
            score = own / len(tokens) ** options.length_power + weight * agreement
            expected.append((score, tokens))
        expected = sorted(expected, reverse=True)[:30]
        assert [h.tokens for h in found] == [tokens for _, tokens in expected]
        assert [h.score for h in found] == pytest.approx([score for score, _ in expected])


@settings(deadline=None, max_examples=60)
@given(toy=toys, options=searches(3))
def test_a_silent_consensus_leaves_the_order_to_the_model(toy, options):
    silent = Silent(toy.table.shape[1] - FIRST)
    for found in decode(toy, features(3, 14), options, recall=lambda *_: silent):
        assert [h.score for h in found] == pytest.approx([own_score(h, options) for h in found])
        assert all(h.consensus == 0 for h in found)
        ranks = [(not h.ended, -h.score) for h in found]
        assert ranks == sorted(ranks)


@pytest.mark.parametrize(("guides", "judges"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("groups", [1, 2])
def test_a_word_that_is_favoured_is_said(groups, guides, judges):
    toy = ToyStepper(8, 5)
    options = DecodingOptions(beam_size=12, beam_groups=groups, max_words=8, consensus=20.0)
    pictures = features(*range(20))
    plain = decode(toy, pictures, dataclasses.replace(options, consensus=0.0))
    rarest = min(range(FIRST, FIRST + 8), key=lambda w: sum(w in best.words for [best] in plain))
    assert sum(rarest in best.words for [best] in plain) < 10
    favour = Favour(rarest, 8, guides=guides, judges=judges)
    found = decode(toy, pictures, options, recall=lambda *_: favour)
    said = [rarest in best.words for [best] in found]
    # without guidance it has to be in the beam by chance
    assert all(said) if guides else sum(said) > sum(rarest in best.words for [best] in plain)
    assert [best.consensus for [best] in found] == [float(judges and has) for has in said]


@settings(deadline=None, max_examples=100)
@given(toy=toys, options=searches(3), repeats=st.integers(0, 2))
def test_a_score_is_the_models_and_what_the_consensus_adds(toy, options, repeats):
    options = dataclasses.replace(options, no_repeat_ngram=repeats)
    results = decode(toy, features(8, 2), options, recall=recall_of(toy))
    for picture, found in zip((8, 2), results, strict=True):
        consensus = recall_of(toy)(features(picture), None)
        for hypothesis in found:
            assert hypothesis.consensus == pytest.approx(consensus.agreement(0, hypothesis.words))
            added = options.consensus * hypothesis.consensus
            assert hypothesis.score == pytest.approx(own_score(hypothesis, options) + added)
            log_probs, attention = toy.score(picture, hypothesis.tokens)
            assert hypothesis.log_probs == pytest.approx(log_probs)
            assert np.array_equal(hypothesis.attention, attention)


@settings(deadline=None, max_examples=60)
@given(toy=toys, options=searches())
def test_fewer_captions_begin_as_more_of_them_do(toy, options):
    every = dataclasses.replace(options, num_captions=options.beam_size)
    recall = recall_of(toy)
    few = decode(toy, features(1, 2, 3), options, recall=recall)
    many = decode(toy, features(1, 2, 3), every, recall=recall)
    for some, all_of in zip(few, many, strict=True):
        assert [h.tokens for h in some] == [h.tokens for h in all_of[: options.num_captions]]
        assert [h.score for h in some] == [h.score for h in all_of[: options.num_captions]]


@settings(deadline=None, max_examples=60)
@given(
    toy=toys, options=searches(3), pictures=st.lists(st.integers(0, 500), min_size=1, max_size=9)
)
def test_a_batch_equals_its_pictures_one_by_one(toy, options, pictures):
    recall = recall_of(toy)
    together = decode(toy, features(*pictures), options, recall=recall)
    for picture, found in zip(pictures, together, strict=True):
        [alone] = decode(toy, features(picture), options, recall=recall)
        assert [h.tokens for h in found] == [h.tokens for h in alone]
        assert [h.score for h in found] == [h.score for h in alone]
        assert [h.consensus for h in found] == [h.consensus for h in alone]


def test_done_pictures_leave_the_batch_without_taking_others_consensus_along():
    toy = ToyStepper(6, 3, end_bias=1)
    options = DecodingOptions(beam_size=3, consensus=0.2)
    recall = recall_of(toy)
    together = decode(toy, features(*range(32)), options, recall=recall)
    assert {size for size, _ in toy.batches} >= {32, 16, 8}
    for picture, [best] in enumerate(together):
        [[alone]] = decode(toy, features(picture), options, recall=recall)
        assert (best.tokens, best.score) == (alone.tokens, alone.score)


def test_unfinished_sentences_have_a_consensus_too():
    toy = ToyStepper(5, 0, end_bias=-60)
    options = DecodingOptions(beam_size=4, num_captions=4, max_words=6, consensus=0.5)
    [found] = decode(toy, features(4), options, recall=recall_of(toy))
    consensus = recall_of(toy)(features(4), None)
    assert len({h.words for h in found}) == 4
    for hypothesis in found:
        assert not hypothesis.ended
        assert hypothesis.consensus == pytest.approx(consensus.agreement(0, hypothesis.words))
        added = 0.5 * hypothesis.consensus
        assert hypothesis.score == pytest.approx(own_score(hypothesis, options) + added)


@settings(deadline=None, max_examples=80)
@given(toy=toys, options=searches(3))
def test_groups_find_distinct_sentences_the_best_first(toy, options):
    for found in decode(toy, features(3, 14, 15), options, recall=recall_of(toy)):
        assert len({h.words for h in found}) == len(found) > 0
        finished = [h.score for h in found if h.ended]
        assert finished == sorted(finished, reverse=True)
        assert [h.ended for h in found] == sorted((h.ended for h in found), reverse=True)


@settings(deadline=None, max_examples=60)
@given(toy=toys, options=searches(), groups=st.integers(1, 3))
def test_groups_that_need_not_differ_each_find_what_one_finds(toy, options, groups):
    """Without diversity; the captions wanted are all of a group's, which are the same in each."""
    one = dataclasses.replace(options, num_captions=options.beam_size)
    several = dataclasses.replace(
        one, beam_size=groups * one.beam_size, beam_groups=groups, diversity=0.0
    )
    recall, pictures = recall_of(toy), features(0, 5, 7)
    search = DiverseBeam(3, several, recall(pictures, None))
    _run(toy, search, *toy.encode(pictures, None))
    for picture, expected in enumerate(decode(toy, pictures, one, recall=recall)):
        found = search.results(picture)
        assert {h.tokens for h in found} == {h.tokens for h in expected}
        assert {h.score for h in found} == {h.score for h in expected}
        assert found[0].ended == expected[0].ended


@settings(deadline=None, max_examples=60)
@given(toy=toys, options=searches(), groups=st.integers(2, 3))
def test_the_first_group_is_guided_beam_search(toy, options, groups):
    one = dataclasses.replace(options, num_captions=options.beam_size)
    size = groups * one.beam_size
    several = dataclasses.replace(one, beam_size=size, beam_groups=groups, num_captions=size)
    recall, pictures = recall_of(toy), features(0, 5, 7)
    for found, of_one in zip(
        decode(toy, pictures, several, recall=recall),
        decode(toy, pictures, one, recall=recall),
        strict=True,
    ):
        scores = {h.tokens: h.score for h in found}
        words = {h.words for h in found}
        for hypothesis in of_one:
            if hypothesis.ended:
                assert scores[hypothesis.tokens] == hypothesis.score
            assert hypothesis.words in words


def test_groups_that_must_differ_begin_with_different_words():
    toy = ToyStepper(9, 1, end_bias=-2)
    options = DecodingOptions(
        beam_size=4, beam_groups=4, num_captions=4, diversity=1000.0, consensus=0.1
    )
    for found in decode(toy, features(*range(10)), options, recall=recall_of(toy)):
        assert len({hypothesis.words[0] for hypothesis in found}) == 4


def test_a_consensus_that_is_asked_for_must_be_there():
    toy = ToyStepper(4, 0)
    for options in (
        DecodingOptions(consensus=0.1),
        DecodingOptions(consensus=0.1, beam_size=6, beam_groups=2),
    ):
        with pytest.raises(UsageError, match="consensus must be 0"):
            decode(toy, features(1, 2), options)


@pytest.mark.parametrize(
    "values", [{"method": "greedy"}, {"method": "sample", "seed": 3}, {"beam_size": 1}]
)
def test_what_cannot_be_guided_asks_for_no_consensus(values):
    toy = ToyStepper(4, 0)
    plain = decode(toy, features(1, 2), DecodingOptions(**values))
    options = DecodingOptions(**values, consensus=0.7)
    assert not options.asks_consensus
    for recall in (None, never_asked):
        found = decode(toy, features(1, 2), options, recall=recall)
        assert [[h.tokens for h in each] for each in found] == [
            [h.tokens for h in each] for each in plain
        ]
        assert all(h.consensus is None for each in found for h in each)


def never_asked(*_):
    raise AssertionError("nobody asked for a consensus")


@settings(deadline=None, max_examples=40)
@given(toy=toys, options=searches(3))
def test_a_consensus_of_0_is_plain_beam_search(toy, options):
    options = dataclasses.replace(options, consensus=0.0)
    plain = decode(toy, features(3, 14), options)
    for found, expected in zip(
        decode(toy, features(3, 14), options, recall=never_asked), plain, strict=True
    ):
        assert [h.tokens for h in found] == [h.tokens for h in expected]
        assert [h.score for h in found] == [h.score for h in expected]
        assert all(h.consensus is None for h in found)


@settings(deadline=None, max_examples=40)
@given(toy=toys, options=searches())
def test_a_silent_consensus_keeps_the_sentences_that_a_plain_beam_finds(toy, options):
    """It looks for more of them and follows no greedy sentence; else it is the same search."""
    pictures = features(3, 14)
    plain = Beam(2, options, with_greedy=False, num_kept=KEPT * options.beam_size)
    guided = ConsensusBeam(2, options, Silent(toy.table.shape[1] - FIRST))
    for search in (plain, guided):
        _run(toy, search, *toy.encode(pictures, None))
    for picture in range(2):
        found, expected = guided.results(picture), plain.results(picture)
        assert [h.tokens for h in found] == [h.tokens for h in expected]
        assert [h.score for h in found] == pytest.approx([h.score for h in expected])


def test_the_consensus_hears_of_features_and_mask():
    toy, heard = ToyStepper(4, 0), []

    def recall(features, mask):
        heard.append((features, mask))
        return Silent(4)

    mask = np.array([[1, 1, 0, 0]] * 2)
    given_features = features(1, 2).astype(np.float64)
    decode(toy, given_features, DecodingOptions(consensus=0.1), mask, recall=recall)
    [(seen, seen_mask)] = heard
    assert np.array_equal(seen, given_features) and seen.dtype == np.float32
    assert np.array_equal(seen_mask, mask)


def test_options_without_consensus_say_nothing_of_it():
    assert "consensus" not in DecodingOptions().as_dict()
    assert DecodingOptions(consensus=0.4).as_dict()["consensus"] == 0.4
    for options in (DecodingOptions(beam_size=3), DecodingOptions(consensus=0.4)):
        assert DecodingOptions.from_dict(json.loads(json.dumps(options.as_dict()))) == options


@pytest.mark.parametrize("value", [-0.1, 1e4, float("nan"), "1", True])
def test_a_consensus_without_sense_is_refused(value):
    with pytest.raises(UsageError, match="consensus is"):
        DecodingOptions(consensus=value)
    with pytest.raises(UsageError, match="no effect on the method 'greedy'"):
        DecodingOptions(method="greedy").override(consensus=0.3)
