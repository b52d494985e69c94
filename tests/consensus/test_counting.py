"""The pictures' vectors of n-grams against dictionaries of CIDEr's own weights."""

from __future__ import annotations

import statistics
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.consensus.counting import Said, count_captions
from looksay.metrics.cider import Weighted
from looksay.metrics.ngrams import MAX_N, DocumentFrequencies, count_ngrams
from looksay.text import SPECIALS, UNK

FIRST = len(SPECIALS)
VOCABULARY_SIZE = FIRST + 4
tokens = st.sampled_from([UNK, *range(FIRST, VOCABULARY_SIZE)])
pictures_captions = st.lists(
    st.lists(st.lists(tokens, max_size=7), max_size=3), min_size=1, max_size=7
)


class Reference:
    """The same in dictionaries, by n-grams as tuples."""

    def __init__(self, captions, min_pictures: int):
        counts = [[count_ngrams(caption) for caption in of_one] for of_one in captions]
        seen = DocumentFrequencies.from_counts(counts).counts
        # an n-gram with a word not in the vocabulary counts as seen once
        known = {gram: number for gram, number in seen.items() if UNK not in gram}
        self.frequencies = DocumentFrequencies(known, len(captions))
        weighted = [[Weighted.of(each, self.frequencies) for each in of_one] for of_one in counts]
        self.grams = sorted(
            (gram for gram, number in known.items() if number >= min_pictures),
            key=lambda gram: (len(gram), gram),
        )
        self.vectors = [self.mean(of_one) for of_one in weighted]
        self.norms = [
            statistics.median([each.norms[n] for each in sum(weighted, []) if each.norms[n]] or [1])
            for n in range(MAX_N)
        ]

    @staticmethod
    def mean(of_one: list[Weighted]) -> Counter:
        vector: Counter = Counter()
        for each in of_one:
            for gram, weight in each.weights.items():
                norm = each.norms[len(gram) - 1]
                vector[gram] += weight / norm / len(of_one) if norm else 0
        return vector

    def dense(self, picture: int) -> np.ndarray:
        return np.array([self.vectors[picture][gram] for gram in self.grams])


def grams_in(said: Said) -> list[tuple[int, ...]]:
    """All n-grams, read from the tree."""
    above: list[tuple[int, ...]] = [()]
    found = []
    for words, parents in zip(said.ngrams.words, said.ngrams.parents, strict=True):
        above = [(*above[p], int(w)) for w, p in zip(words, parents, strict=True)]
        found += above
    return found


@settings(deadline=None, max_examples=150)
@given(captions=pictures_captions, min_pictures=st.integers(1, 3))
def test_all_numbers_equal_those_of_the_reference(captions, min_pictures):
    said = count_captions(captions, VOCABULARY_SIZE, min_pictures=min_pictures)
    expected = Reference(captions, min_pictures)
    assert grams_in(said) == expected.grams
    idf = [expected.frequencies.idf(gram) for gram in expected.grams]
    assert said.idf == pytest.approx(idf, abs=1e-6)
    assert said.norms == pytest.approx(expected.norms)
    assert len(said.starts) == len(captions) + 1
    for picture in range(len(captions)):
        alone = said.sum(np.array([picture]), np.ones(1))
        assert alone == pytest.approx(expected.dense(picture), abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(captions=pictures_captions, data=st.data())
def test_a_sum_takes_each_picture_by_its_weight(captions, data):
    said = count_captions(captions, VOCABULARY_SIZE, min_pictures=1)
    chosen = data.draw(st.permutations(range(len(captions))))
    chosen = chosen[: data.draw(st.integers(0, len(captions)))]
    weights = data.draw(
        st.lists(st.floats(-2, 2), min_size=len(chosen), max_size=len(chosen)).map(np.array)
    )
    expected = Reference(captions, 1)
    total = sum(
        (weight * expected.dense(p) for p, weight in zip(chosen, weights, strict=True)),
        np.zeros(len(expected.grams)),
    )
    assert said.sum(np.array(chosen, int), weights) == pytest.approx(total, abs=1e-5)


def test_a_vector_has_the_length_one_in_each_order():
    a, b, c = range(FIRST, FIRST + 3)
    said = count_captions([[[a, b, c, a, b]], [[c, c]]], VOCABULARY_SIZE, min_pictures=1)
    vector = said.sum(np.array([0]), np.ones(1))
    # c stands in both pictures; a and b, twice each, share the length
    assert vector[:3] == pytest.approx([np.sqrt(0.5), np.sqrt(0.5), 0])
    for first, last in zip(said.ngrams.offsets, said.ngrams.offsets[1:], strict=False):
        assert np.linalg.norm(vector[first:last]) == pytest.approx(1)


def test_unknown_words_lengthen_the_vectors_they_are_left_out_of():
    a, b = FIRST, FIRST + 1
    said = count_captions([[[a, UNK]], [[b, UNK]], [[b]]], VOCABULARY_SIZE, min_pictures=1)
    assert grams_in(said) == [(a,), (b,)]
    # though in two pictures, the unknown word weighs log 3, as if it were in one
    assert said.sum(np.array([0]), np.ones(1)) == pytest.approx([np.sqrt(0.5), 0])
    assert said.idf == pytest.approx(np.log([3, 1.5]))


def test_rare_n_grams_lengthen_the_vectors_they_are_left_out_of():
    a, b, c = range(FIRST, FIRST + 3)
    captions = [[[a, b]], [[a]], [[c]], [[c]]]
    said = count_captions(captions, VOCABULARY_SIZE, min_pictures=2)
    assert grams_in(said) == [(a,), (c,)]
    length = np.hypot(np.log(2), np.log(4))
    assert said.sum(np.array([0]), np.ones(1)) == pytest.approx([np.log(2) / length, 0])


def test_captions_without_words_say_nothing():
    said = count_captions([[[]], []], VOCABULARY_SIZE, min_pictures=1)
    assert len(said.ngrams) == 0
    assert said.norms.tolist() == [1] * MAX_N
    assert said.sum(np.array([0, 1]), np.ones(2)).tolist() == []
