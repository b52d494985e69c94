"""The alignment of METEOR: by hand, and against all alignments there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.metrics.alignment import align

Pairs = tuple[tuple[int, int], ...]


def cost(pairs: Pairs) -> tuple[int, int, int]:
    """Words matched (negative), chunks, distances; counted in another way than `align` does."""
    follows = sum((i - 1, j - 1) in pairs for i, j in pairs)
    return -len(pairs), len(pairs) - follows, sum(abs(i - j) for i, j in pairs)


def every_alignment(choices: Sequence[Sequence[int]], word: int = 0) -> Iterator[Pairs]:
    if word == len(choices):
        yield ()
        return
    for others in every_alignment(choices, word + 1):
        yield others
        for place in choices[word]:
            if all(place != taken for _, taken in others):
                yield ((word, place), *others)


@pytest.mark.parametrize(
    ("choices", "pairs", "chunks"),
    [
        ([], (), 0),
        ([[], []], (), 0),
        ([[0], [1], [2]], ((0, 0), (1, 1), (2, 2)), 1),
        ([[2], [0], [1]], ((0, 2), (1, 0), (2, 1)), 2),
        ([[0], [], [2]], ((0, 0), (2, 2)), 2),
        # the second "the" of "the dog the": the one before its neighbour's match, in one chunk
        ([[0, 2], [3]], ((0, 2), (1, 3)), 1),
        # of two equally good words the nearer one
        ([[], [0, 1, 3]], ((1, 1),), 1),
        # one word fewer in one chunk is worse than one more in two
        ([[0], [1], [5]], ((0, 0), (1, 1), (2, 5)), 2),
    ],
)
def test_by_hand(choices, pairs, chunks):
    found = align(choices)
    assert (found.pairs, found.chunks) == (pairs, chunks)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 4), unique=True, max_size=4), max_size=5))
def test_no_alignment_is_better(choices):
    found = align(choices)
    assert cost(found.pairs) == min(map(cost, every_alignment(choices)))
    assert found.chunks == cost(found.pairs)[1]
    assert all(place in choices[word] for word, place in found.pairs)
    assert len({place for _, place in found.pairs}) == len(found.pairs)


def test_many_equal_words_end_soon_and_all_match():
    found = align([list(range(45))] * 60)
    assert len(found.pairs) == 45 and found.chunks == 1
