"""Diverse beam search against a reference that keeps whole sentences in plain Python lists."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import FIRST, NUM_STATES, ToyStepper, features

from looksay.decoding import DecodingOptions, decode
from looksay.decoding.decode import _run
from looksay.decoding.diverse import DiverseBeam
from looksay.text import END, START

toys = st.builds(
    ToyStepper,
    num_words=st.integers(1, 9),
    seed=st.integers(0, 10**6),
    end_bias=st.floats(-3, 3),
)


@st.composite
def searches(draw):
    groups, size = draw(st.integers(2, 4)), draw(st.integers(1, 3))
    return DecodingOptions(
        beam_size=groups * size,
        beam_groups=groups,
        num_captions=draw(st.integers(1, groups * size)),
        diversity=draw(st.sampled_from([0.0, 0.5, 0.8, 5.0])),
        max_words=draw(st.integers(1, 6)),
        length_power=draw(st.sampled_from([0.0, 0.7, 2.0])),
    )


class ReferenceGroup:
    """One group, as sentences: beam search with what it must avoid given as counts of words."""

    def __init__(self, toy: ToyStepper, picture: int, options: DecodingOptions, greedy: bool):
        self.toy, self.picture, self.options = toy, picture, options
        self.size = options.beam_size // options.beam_groups
        self.live: list[tuple[int, ...]] = [()]
        self.unended = self.live
        self.penalty: dict[tuple[int, ...], float] = {(): 0.0}
        self.ended: list[tuple[float, tuple[int, ...]]] = []
        self.greedy: tuple[int, ...] | None = () if greedy else None
        self.is_over = False

    @functools.cache  # noqa: B019
    def next_log_probs(self, words: tuple[int, ...]) -> np.ndarray:
        state = self.picture
        for token in (START, *words):
            state = (self.toy.follow(state, token) + self.picture) % NUM_STATES
        return self.toy.table[state]

    @functools.cache  # noqa: B019
    def total(self, tokens: tuple[int, ...]) -> float:
        if not tokens:
            return 0.0
        return self.total(tokens[:-1]) + float(self.next_log_probs(tokens[:-1])[tokens[-1]])

    def standing(self, words: tuple[int, ...]) -> float:
        return self.total(words) - self.penalty[words]

    def choose(self, counts: Counter[int]) -> list[int]:
        """One step; the words that were chosen, at the last step in vain."""
        longer = [
            (*words, word) for words in self.live for word in range(FIRST, self.toy.table.shape[1])
        ]
        for words in longer:
            own = self.options.diversity * counts[words[-1]]
            self.penalty[words] = self.penalty[words[:-1]] + own
        best = sorted(longer, key=self.standing, reverse=True)[: self.size]
        self._end([self.standing(words) for words in best])
        if self.greedy is not None:
            row = self.next_log_probs(self.greedy)
            self.greedy = (*self.greedy, FIRST + int(row[FIRST:].argmax()))
            if self.greedy not in best:
                best[-1] = self.greedy
        self.live = best
        if len(best[0]) <= self.options.max_words:
            self.unended = best
        self._stop()
        return [] if self.is_over else [words[-1] for words in best]

    def _end(self, rivals: list[float]) -> None:
        if not self.live[0] and self.options.min_words:
            return
        ends = {words: self.total((*words, END)) for words in self.live}
        standing = {words: total - self.penalty[words] for words, total in ends.items()}
        bar = sorted([*rivals, *standing.values()], reverse=True)[: self.size][-1]
        accepted = {words for words, total in standing.items() if total >= bar}
        if self.greedy is not None:
            row = self.next_log_probs(self.greedy)
            if row[END] >= row[FIRST:].max():
                accepted.add(self.greedy)
                self.greedy = None
        for words in accepted:
            score = ends[words] / (len(words) + 1) ** self.options.length_power
            self.ended.append((score, words))

    def _stop(self) -> None:
        """Over when nothing live can become one of the best, or enough sentences have ended."""

        def bound(words: tuple[int, ...]) -> float:
            return self.total(words) / (self.options.max_words + 1) ** self.options.length_power

        if len(self.ended) >= self.size:
            scores = sorted((score for score, _ in self.ended), reverse=True)
            greedy_can_win = self.greedy is not None and bound(self.greedy) > scores[0]
            hopeless = max(map(bound, self.live)) <= scores[self.size - 1]
            self.is_over = hopeless or not greedy_can_win

    def found(self) -> list[tuple[bool, float, tuple[int, ...]]]:
        """The group's sentences, best first: (whether it has not ended, -score, words)."""
        ended = [(False, -score, words) for score, words in sorted(self.ended, reverse=True)]
        ended = ended[: self.size]
        known = {words for _, _, words in ended}
        power = self.options.length_power
        others = [
            (True, -self.total(words) / len(words) ** power, words)
            for words in self.unended
            if words not in known
        ]
        return (ended + sorted(others))[: self.size]


def reference(toy: ToyStepper, picture: int, options: DecodingOptions):
    """(whether it has not ended, -score, words) of each caption."""
    groups = [
        ReferenceGroup(toy, picture, options, number == 0) for number in range(options.beam_groups)
    ]
    for _ in range(options.max_words + 1):
        counts: Counter[int] = Counter()
        for group in groups:
            if not group.is_over:
                counts.update(group.choose(counts))
    ranked = [
        (sentence[0], rank, sentence)
        for group in groups
        for rank, sentence in enumerate(group.found())
    ]
    chosen: list = []
    for _, _, sentence in sorted(ranked):
        if sentence[2] not in [words for _, _, words in chosen]:
            chosen.append(sentence)
    return sorted(chosen[: options.num_captions])


@settings(deadline=None, max_examples=100)
@given(toy=toys, options=searches())
def test_it_finds_what_the_reference_finds(toy, options):
    pictures = (3, 14, 15)
    for picture, found in zip(pictures, decode(toy, features(*pictures), options), strict=True):
        expected = reference(toy, picture, options)
        assert [h.words for h in found] == [words for _, _, words in expected]
        assert [not h.ended for h in found] == [unended for unended, _, _ in expected]
        assert [h.score for h in found] == pytest.approx([-score for _, score, _ in expected])


@settings(deadline=None, max_examples=100)
@given(toy=toys, options=searches())
def test_one_group_is_plain_beam_search(toy, options):
    options = dataclasses.replace(options, beam_groups=1)
    pictures = features(0, 5, 7)
    search = DiverseBeam(3, options)
    _run(toy, search, *toy.encode(pictures, None))
    wide = dataclasses.replace(options, num_captions=options.beam_size)
    for picture, found in enumerate(decode(toy, pictures, wide)):
        ours = search.results(picture)
        assert [h.tokens for h in ours] == [h.tokens for h in found[: options.num_captions]]
        assert [h.score for h in ours] == [h.score for h in found[: options.num_captions]]


@settings(deadline=None, max_examples=60)
@given(toy=toys, options=searches(), pictures=st.lists(st.integers(0, 500), min_size=1, max_size=9))
def test_a_batch_equals_its_pictures_one_by_one(toy, options, pictures):
    together = decode(toy, features(*pictures), options)
    for picture, found in zip(pictures, together, strict=True):
        [alone] = decode(toy, features(picture), options)
        assert [h.tokens for h in found] == [h.tokens for h in alone]
        assert [h.score for h in found] == [h.score for h in alone]


@settings(deadline=None, max_examples=60)
@given(toy=toys, options=searches(), repeats=st.integers(0, 2))
def test_scores_and_attention_are_the_models_own(toy, options, repeats):
    options = dataclasses.replace(options, no_repeat_ngram=repeats)
    for picture, found in zip((8, 2), decode(toy, features(8, 2), options), strict=True):
        assert len({hypothesis.words for hypothesis in found}) == len(found)
        for hypothesis in found:
            log_probs, attention = toy.score(picture, hypothesis.tokens)
            assert hypothesis.log_probs == pytest.approx(log_probs)
            assert np.array_equal(hypothesis.attention, attention)


@settings(deadline=None, max_examples=60)
@given(toy=toys, options=searches())
def test_the_best_never_scores_below_greedy_search(toy, options):
    pictures = features(3, 14, 15, 9)
    greedy = decode(toy, pictures, DecodingOptions(method="greedy", max_words=options.max_words))
    for [best, *_], [chain] in zip(decode(toy, pictures, options), greedy, strict=True):
        assert best.ended or not chain.ended
        if best.ended == chain.ended:
            power = options.length_power
            assert best.score >= chain.log_prob / len(chain.tokens) ** power - 1e-9


@settings(deadline=None, max_examples=60)
@given(toy=toys, options=searches())
def test_fewer_captions_are_among_more_of_them(toy, options):
    every = dataclasses.replace(options, num_captions=options.beam_size)
    pictures = features(1, 2, 3)
    for few, all_of in zip(
        decode(toy, pictures, options), decode(toy, pictures, every), strict=True
    ):
        assert {h.tokens for h in few} <= {h.tokens for h in all_of}
        assert few[0].tokens == all_of[0].tokens


def distinct_share(toy: ToyStepper, n: int, **options) -> float:
    """Distinct n-grams of a picture's six captions among all of theirs, the paper's measure."""
    distinct, total = 0, 0
    options = DecodingOptions(beam_size=6, num_captions=6, max_words=10, **options)
    for found in decode(toy, features(*range(60)), options):
        grams = [h.words[i : i + n] for h in found for i in range(len(h.words) - n + 1)]
        distinct += len(set(grams))
        total += len(grams)
    return distinct / total


@pytest.mark.parametrize("n", [1, 2, 4])
def test_diversity_raises_the_share_of_distinct_n_grams(n):
    toy = ToyStepper(40, 0)
    plain = distinct_share(toy, n)
    shares = [distinct_share(toy, n, beam_groups=3, diversity=s) for s in (0.5, 2.0)]
    assert plain < shares[0] < shares[1]


def test_groups_that_must_differ_begin_with_different_words():
    toy = ToyStepper(9, 1, end_bias=-2)
    options = DecodingOptions(beam_size=4, beam_groups=4, num_captions=4, diversity=100.0)
    for found in decode(toy, features(*range(10)), options):
        assert len({hypothesis.words[0] for hypothesis in found}) == 4


def test_each_group_is_heard_before_a_second_sentence_of_any():
    """Two captions of two groups that must differ: one of each, though the first has two better."""
    toy = ToyStepper(9, 4)
    both = DecodingOptions(beam_size=4, beam_groups=2, num_captions=2, diversity=100.0)
    begins = 0
    for found in decode(toy, features(*range(30)), both):
        begins += found[0].words[0] != found[1].words[0]
    plain = dataclasses.replace(both, beam_groups=1)
    alike = sum(f[0].words[0] == f[1].words[0] for f in decode(toy, features(*range(30)), plain))
    assert begins == 30 and alike > 5


def test_done_pictures_leave_the_batch_by_halves():
    toy = ToyStepper(6, 3, end_bias=1)
    decode(toy, features(*range(32)), DecodingOptions(beam_size=6, beam_groups=3))
    sizes = [size for size, _ in toy.batches]
    assert sizes[0] == 32 and sizes[-1] < 32
    assert [beams for _, beams in toy.batches] == [1] + [6] * (len(sizes) - 1)
