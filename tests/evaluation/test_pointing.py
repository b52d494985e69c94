"""Attention put by hand inside and outside of boxes: what is measured is what was put there."""

from __future__ import annotations

import numpy as np
import pytest

from looksay.errors import DataError
from looksay.evaluation.class_words import ClassWords
from looksay.evaluation.pointing import (
    AREA,
    CENTRE,
    MASS,
    POINTING,
    RANDOM,
    looks_at,
    summarise_looks,
)

CLASSES = ClassWords(["dog", "person"])
WORDS = ("a", "dog", "and", "a", "man")
# the dog in the upper left quarter, two people in the right half, one on the other
OBJECTS = {
    "dog": np.array([[0, 0, 0.5, 0.5]]),
    "person": np.array([[0.5, 0, 1, 1], [0.5, 0.5, 1, 1]]),
}


def grid(word: int, weights: list[list[float]]) -> np.ndarray:
    """Attention (5, 2, 2), even but for one word."""
    attention = np.full((len(WORDS), 2, 2), 0.25)
    attention[word] = weights
    return attention


@pytest.mark.parametrize(
    ("weights", "pointing", "inside"),
    [
        ([[1, 0], [0, 0]], 1, 1),
        ([[0, 1], [0, 0]], 0, 0),
        ([[0.4, 0.3], [0.2, 0.1]], 1, 0.4),
        ([[0.4, 0.6], [0, 0]], 0, 0.4),
        ([[0.25, 0.25], [0.25, 0.25]], 0.25, 0.25),  # looks nowhere more than elsewhere
        ([[0.1, 0.1], [0, 0]], 0.5, 0.5),  # most of it went to the sentinel
        ([[0, 0], [0, 0]], 0.25, 0),  # all of it did
    ],
)
def test_over_a_grid(weights, pointing, inside):
    dog, man = looks_at(WORDS, grid(1, weights), OBJECTS, CLASSES)
    assert (dog.word, dog.class_name) == ("dog", "dog")
    assert (dog.pointing, dog.inside) == pytest.approx((pointing, inside))
    # the centre lies on the box's corner, which counts as inside
    assert (dog.random_place, dog.even, dog.centre) == (0.25, 0.25, 1)
    assert (man.word, man.class_name) == ("man", "person")
    assert (man.pointing, man.inside, man.even) == (0.5, 0.5, 0.5)  # even: the right half


def test_the_grid_lies_over_the_photograph_row_by_row():
    """A box around the place (row 0, column 2) of a 2 by 3 grid."""
    attention = np.zeros((1, 2, 3))
    attention[0, 0, 2] = 1
    objects = {"dog": np.array([[0.7, 0.1, 0.95, 0.4]])}
    (look,) = looks_at(("dog",), attention, objects, CLASSES)
    assert look.pointing == 1
    assert look.inside == pytest.approx((0.25 * 0.3) / (1 / 6))  # the box's part of its place
    assert look.random_place == pytest.approx(1 / 6) and look.centre == 0
    assert look.even == pytest.approx(0.25 * 0.3)


def test_over_regions():
    """The middle of the most looked at region counts, and how much of each region is inside."""
    regions = np.array([[0, 0, 0.4, 0.4], [0.1, 0.1, 0.7, 0.7], [0.6, 0.6, 1, 1], [0, 0, 1, 1]])
    attention = np.array([[0.2, 0.5, 0.2, 0.1]])
    (look,) = looks_at(("dog",), attention, OBJECTS, CLASSES, regions)
    assert look.pointing == 1  # (0.4, 0.4)
    assert look.inside == pytest.approx(0.2 + 0.5 * (0.4 / 0.6) ** 2 + 0.1 * 0.25)
    assert look.random_place == pytest.approx(3 / 4)  # the whole picture's middle is on the corner
    assert look.even == pytest.approx((1 + (0.4 / 0.6) ** 2 + 0 + 0.25) / 4)
    (other,) = looks_at(("dog",), attention[:, [2, 0, 1, 3]], OBJECTS, CLASSES, regions)
    assert other.pointing == 0


def test_words_without_a_box_and_boxes_without_a_word_are_left_out():
    objects = {"person": OBJECTS["person"], "dog": np.zeros((0, 4)), "kite": np.ones((1, 4))}
    (look,) = looks_at(WORDS, grid(0, [[1, 0], [0, 0]]), objects, CLASSES)
    assert look.word == "man"


@pytest.mark.parametrize(("shape", "regions"), [((5, 3), None), ((4, 2, 2), None), ((5, 3), 2)])
def test_attention_that_does_not_fit_is_refused(shape, regions):
    places = None if regions is None else np.ones((regions, 4))
    with pytest.raises(DataError, match="does not fit"):
        looks_at(WORDS, np.ones(shape), OBJECTS, CLASSES, places)


def pictures():
    right, wrong = grid(1, [[1, 0], [0, 0]]), grid(1, [[0, 0], [0, 1]])
    return {
        "a.jpg": looks_at(WORDS, right, OBJECTS, CLASSES),
        "b.jpg": looks_at(WORDS, wrong, {"dog": OBJECTS["dog"]}, CLASSES),
        "c.jpg": [],
    }


def test_means_over_words_and_over_those_of_a_class():
    found = summarise_looks(pictures())
    assert (found.pictures, found.num_words, list(found.looks)) == (3, 3, ["a.jpg", "b.jpg"])
    scores = found.scores
    assert scores[POINTING] == pytest.approx((1 + 0.5 + 0) / 3)
    assert scores[MASS] == pytest.approx((1 + 0.5 + 0) / 3)
    assert scores[RANDOM] == scores[AREA] == pytest.approx((0.25 + 0.5 + 0.25) / 3)
    assert scores[CENTRE] == 1
    assert scores[f"{POINTING} - {CENTRE}"] == pytest.approx(-0.5)
    assert list(found.classes) == ["dog", "person"]
    assert found.classes["dog"]["words"] == 2 and found.classes["dog"][POINTING] == 0.5
    assert len(found.words_as_dicts()) == 3 and found.words_as_dicts()[2]["image"] == "b.jpg"


def test_intervals_hold_the_scores_and_are_of_pictures():
    found = summarise_looks(pictures()).with_intervals(resamples=500, seed=1)
    for name, (low, high) in found.intervals.items():
        assert low - 1e-9 <= found.scores[name] <= high + 1e-9
    # two pictures: drawn are both, or one of them twice
    assert found.intervals[POINTING] == pytest.approx((0, 0.75))
    assert found.intervals[CENTRE] == pytest.approx((1, 1))
    assert "500 bootstrap" in found.table() and found.as_dict()["resamples"] == 500
    assert summarise_looks(pictures()).with_intervals(resamples=0).intervals == {}


def test_the_table_says_what_was_measured():
    lines = summarise_looks(pictures()).table().splitlines()
    assert lines[0].startswith("3 pictures; 3 words in 2 of them")
    assert any(line.split() == ["pointing", "50.00"] for line in lines)
    assert any(
        line.startswith("pointing - picture's centre") and "-50.00" in line for line in lines
    )


def test_the_table_has_ten_classes_and_says_how_many_more():
    names = "ant bee cow dog elk fox gnu hen ibis jay koi".split()
    objects = {name: np.array([[0, 0, 0.5, 0.5]]) for name in names}
    attention = np.full((len(names), 2, 2), 0.25)
    looks = {"a.jpg": looks_at(names, attention, objects, ClassWords(names))}
    lines = summarise_looks(looks).table().splitlines()
    assert lines[-1] == "and 1 more class, none with more words"
    assert [line.split()[0] for line in lines[-11:-1]] == names[:10]


def test_nothing_to_measure_is_a_sentence():
    with pytest.raises(DataError, match="No word of the captions names a class"):
        summarise_looks({"c.jpg": []})
