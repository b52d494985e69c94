"""Boxes: overlap, suppression, views, choice."""

from __future__ import annotations

import numpy as np
import pytest

from looksay.errors import UsageError
from looksay.features.regions.boxes import (
    boxes_of_view,
    choose_regions,
    clip,
    overlaps,
    suppress,
)
from looksay.features.views import VIEWS, apply_view
from looksay.runtime.regions import NO_CLASS, RegionSettings, region_mask


def box(*corners: float, score: float = 0.5, kind: int = 0) -> list[float]:
    return [*corners, score, kind]


def boxes(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 6)


def test_overlap_is_intersection_over_union():
    others = boxes(box(0, 0, 2, 2), box(1, 1, 3, 3), box(2, 0, 4, 2), box(5, 5, 6, 6))
    np.testing.assert_allclose(overlaps(others[0], others), [1, 1 / 7, 0, 0], rtol=1e-6)


def test_the_better_of_two_boxes_of_a_class_stays():
    found = suppress(
        boxes(
            box(0, 0, 1.0, 1, score=0.6),
            box(0, 0, 0.9, 1, score=0.8),  # overlaps the first by 0.9
            box(0, 0, 0.9, 1, score=0.7, kind=1),  # of another class
            box(0, 0, 0.3, 1, score=0.1),  # overlaps by a third
        ),
        0.5,
    )
    np.testing.assert_allclose(found[:, 4], [0.8, 0.7, 0.1])


def test_suppression_stops_at_so_many():
    rows = [box(i, 0, i + 1, 1, score=i / 10) for i in range(6)]
    np.testing.assert_allclose(suppress(boxes(*rows), 0.5, 2)[:, 4], [0.5, 0.4])
    assert suppress(boxes(), 0.5).shape == (0, 6)


def test_boxes_end_at_the_border_and_lines_vanish():
    found = clip(
        boxes(box(-1, 0.2, 0.5, 2), box(1.1, 0, 1.4, 1), box(0.2, 0.2, 0.2, 0.9),
              box(0, np.nan, 1, 1))
    )  # fmt: skip
    np.testing.assert_allclose(found, boxes(box(0, 0.2, 0.5, 1)))


@pytest.mark.parametrize("view", VIEWS)
def test_boxes_move_with_the_pixels_of_a_view(view):
    size = 40
    picture = np.zeros((size, size, 3), np.uint8)
    picture[14:24, 15:25] = 255  # within every crop
    # to a pixel of the view: its crop is stretched, and so blurred at the edges
    found = boxes_of_view(boxes(box(15 / 40, 14 / 40, 25 / 40, 24 / 40)), view, size)[0]
    rows, columns = np.nonzero(apply_view(picture, view)[:, :, 0] > 127)
    expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(found[:4] * size, expected, atol=0.75)


def test_a_box_that_a_crop_hardly_holds_is_dropped():
    edge = boxes(box(0.8, 0, 1.0, 1), box(0.95, 0, 1, 1))
    found = boxes_of_view(edge, "crop-top-left", 100)  # which ends at 0.85
    assert len(found) == 0
    np.testing.assert_allclose(
        boxes_of_view(boxes(box(0.75, 0, 0.9, 0.85)), "crop-top-left", 100)[0, :4],
        [0.75 / 0.85, 0, 1, 1], rtol=1e-5,
    )  # fmt: skip


def many(count: int, score: float) -> list[list[float]]:
    return [box(i / 200, 0, i / 200 + 0.1, 1, score=score - i / 1000) for i in range(count)]


@pytest.mark.parametrize(
    ("sure", "unsure", "expected"),
    [(50, 20, 12), (11, 20, 12), (10, 20, 11), (3, 20, 10), (3, 2, 6), (0, 0, 1)],
)
def test_so_many_regions_are_chosen(sure, unsure, expected):
    """From 10 to 12 of them, the whole picture last, as far as there are boxes."""
    settings = RegionSettings(source="detector", max_regions=12, score_threshold=0.3)
    rows = many(unsure, 0.2) + many(sure, 0.9)
    found = choose_regions(boxes(*rows), settings)
    assert found.shape == (12, 6)
    mask = region_mask(found)
    assert mask.sum() == expected and (np.diff(mask) <= 0).all()
    np.testing.assert_array_equal(found[expected - 1], [0, 0, 1, 1, 0, NO_CLASS])
    assert (np.diff(found[: expected - 1, 4]) <= 0).all()
    assert (found[expected:] == 0).all()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"source": "detecter"}, "did you mean 'detector'"),
        ({"source": "detector", "max_regions": 101}, "from 10 to 100"),
        ({"source": "detector", "min_regions": 37}, "from 1 to 36"),
        ({"source": "detector", "min_regions": True}, "min_regions is True"),
        ({"source": "detector", "score_treshold": 0.1}, "did you mean 'score_threshold'"),
        ({"source": "detector", "nms_threshold": 0}, "above 0"),
        ({"source": "detector", "layout": "ssd"}, "yolox"),
        ({"source": "detector", "class_names": "dog"}, "a list"),
        ({"source": "detector", "class_names": ["a\nb"]}, "printable"),
        ({}, "source is missing"),
    ],
)
def test_settings_that_make_no_sense_are_a_sentence(values, words):
    with pytest.raises(UsageError, match=words):
        RegionSettings.from_dict(values)


def test_settings_survive_json():
    settings = RegionSettings(source="detector", max_regions=50, class_names=("cat", "dog"))
    assert RegionSettings.from_dict(settings.as_dict()) == settings


def test_a_box_has_a_name():
    settings = RegionSettings(source="detector", class_names=("cat", "dog"))
    named = [box(0, 0, 1, 1, kind=1), box(0, 0, 1, 1, kind=NO_CLASS), box(0, 0, 0.5, 1, kind=7)]
    assert [settings.name_of(row) for row in boxes(*named)] == ["dog", "whole picture", ""]
