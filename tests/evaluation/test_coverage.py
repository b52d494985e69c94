"""Areas inside boxes, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.evaluation.coverage import are_inside, centres, grid_places, shares_inside

WHOLE = np.array([[0.0, 0, 1, 1]])


def test_the_places_of_a_grid_lie_row_by_row_over_the_photograph():
    places = grid_places(2, 4)
    assert places[0].tolist() == [0, 0, 0.25, 0.5]
    assert places[3].tolist() == [0.75, 0, 1, 0.5]
    assert places[4].tolist() == [0, 0.5, 0.25, 1]
    assert centres(places)[5].tolist() == [0.375, 0.75]


@pytest.mark.parametrize(
    ("boxes", "share"),
    [
        ([[0, 0, 1, 1]], 1),
        ([[0, 0, 0.5, 0.5]], 0.25),
        ([[0, 0, 0.5, 1], [0.25, 0, 0.75, 1]], 0.75),  # what overlaps counts once
        ([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]], 0.5),
        ([[0.5, 0.5, 0.5, 1]], 0),
        ([[0.5, 0.5, 3, 0.75]], 0.125),  # what lies outside does not count
    ],
)
def test_a_share_by_hand(boxes, share):
    assert shares_inside(WHOLE, np.array(boxes, float))[0] == pytest.approx(share)


def test_a_place_without_area_is_in_nothing():
    assert shares_inside(np.array([[0.5, 0.5, 0.5, 0.5]]), WHOLE).tolist() == [0]


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 8)] * 4), max_size=4))
def test_shares_are_those_of_counting_squares(corners):
    """Boxes of eighths, against a picture of 8 by 8 squares."""
    boxes = np.array([(*np.minimum(c[:2], c[2:]), *np.maximum(c[:2], c[2:])) for c in corners])
    boxes = boxes.reshape(-1, 4) / 8
    squares = are_inside(centres(grid_places(8, 8)), boxes).reshape(8, 8)
    quarters = squares.reshape(2, 4, 2, 4).mean(axis=(1, 3)).ravel()
    np.testing.assert_allclose(shares_inside(grid_places(2, 2), boxes), quarters)
