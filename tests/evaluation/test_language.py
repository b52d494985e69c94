"""What captions are like, by hand."""

from __future__ import annotations

import pytest

from looksay.errors import DataError
from looksay.evaluation import describe_language

CAPTIONS = ["A dog runs.", "a dog and a dog", "two cats"]


def test_by_hand():
    found = describe_language(CAPTIONS, ["A DOG runs", "Two cats sit."])
    assert found.mean_length == pytest.approx(10 / 3)
    assert found.vocabulary == 6  # a dog runs and two cats
    # bigrams: a-dog, dog-runs; a-dog, dog-and, and-a, a-dog; two-cats
    assert found.distinct == pytest.approx((6 / 10, 5 / 7, 4 / 4, 2 / 2))
    assert found.novel == pytest.approx(2 / 3)
    assert found.repeated == pytest.approx(2 / 10)
    assert dict(found.lines())["novel captions"] == "66.67%"
    assert found.as_dict()["distinct-2"] == pytest.approx(5 / 7)


def test_without_training_captions_nothing_is_said_of_novelty():
    found = describe_language(CAPTIONS)
    assert found.novel is None and found.as_dict()["novel"] is None
    assert "novel captions" not in dict(found.lines())


def test_captions_without_words():
    found = describe_language(["", "..."], ["a dog"])
    assert found.mean_length == found.vocabulary == found.repeated == 0
    assert found.distinct == (0, 0, 0, 0) and found.novel == 1
    with pytest.raises(DataError):
        describe_language([])
