"""The tree of n-grams against a dictionary of tuples."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.consensus.ngrams import NGrams
from looksay.metrics.ngrams import MAX_N

VOCABULARY_SIZE = 7
words = st.integers(3, VOCABULARY_SIZE - 1)
captions = st.lists(st.lists(words, max_size=7).map(tuple), max_size=6)


def grams_of(sentences) -> list[list[tuple[int, ...]]]:
    """The n-grams of each order, sorted."""
    return [
        sorted({each[i : i + n] for each in sentences for i in range(len(each) - n + 1)})
        for n in range(1, MAX_N + 1)
    ]


def tree_of(grams) -> NGrams:
    before = [[()], *grams]
    return NGrams(
        [np.array([gram[-1] for gram in order], int) for order in grams],
        [
            np.array([above.index(gram[:-1]) for gram in order], int)
            for above, order in zip(before, grams, strict=False)
        ],
        VOCABULARY_SIZE,
    )


def numbered(order) -> dict[tuple[int, ...], int]:
    return {gram: number for number, gram in enumerate(order)}


@settings(deadline=None, max_examples=60)
@given(sentences=captions)
def test_an_n_gram_is_found_by_its_parent_and_its_word(sentences):
    grams = grams_of(sentences)
    tree = tree_of(grams)
    assert len(tree) == sum(map(len, grams))
    before = [[()], *grams]
    for order in range(1, MAX_N + 1):
        places = numbered(grams[order - 1])
        above = before[order - 1]
        parents, last = np.meshgrid(range(-1, len(above)), range(VOCABULARY_SIZE), indexing="ij")
        found = tree.find(order, parents, last)
        expected = [[-1] * VOCABULARY_SIZE] + [
            [places.get((*gram, word), -1) for word in range(VOCABULARY_SIZE)] for gram in above
        ]
        assert found.tolist() == expected


@settings(deadline=None, max_examples=30)
@given(sentences=captions)
def test_whole_n_grams_are_found_whatever_the_shape(sentences):
    grams = grams_of(sentences)
    tree = tree_of(grams)
    for order in range(1, MAX_N + 1):
        places = numbered(grams[order - 1])
        every = list(product(range(2, VOCABULARY_SIZE), repeat=order))
        tokens = np.array(every, np.int32)  # as beams hold them
        expected = [places.get(gram, -1) for gram in every]
        assert tree.find_last(tokens).tolist() == expected
        folded = tree.find_last(tokens.reshape(5, -1, order))
        assert folded.tolist() == np.reshape(expected, (5, -1)).tolist()


@settings(deadline=None, max_examples=60)
@given(sentences=captions, data=st.data())
def test_children_come_behind_each_other_in_the_order_of_their_parents(sentences, data):
    grams = grams_of(sentences)
    tree = tree_of(grams)
    before = [[()], *grams]
    for order in range(1, MAX_N + 1):
        above = before[order - 1]
        parent = st.integers(0, len(above) - 1)
        parents = data.draw(st.lists(parent, max_size=8)) if above else []
        counts, children = tree.children(order, np.array(parents, int))
        expected = [
            [number for gram, number in numbered(grams[order - 1]).items() if gram[:-1] == above[p]]
            for p in parents
        ]
        assert counts.tolist() == [len(of_one) for of_one in expected]
        assert children.tolist() == [number for of_one in expected for number in of_one]


def test_a_tree_may_be_empty():
    tree = tree_of(grams_of([]))
    assert len(tree) == 0
    assert tree.find_last(np.array([[3, 4, 5]])).tolist() == [-1]
    counts, children = tree.children(1, np.array([0]))
    assert counts.tolist() == [0] and children.tolist() == []
