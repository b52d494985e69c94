"""Attention over regions: the brightest boxes lit, framed and named, on every kind of picture."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image

from looksay.errors import UsageError
from looksay.pictures import (
    Regions,
    attention_animation,
    attention_html,
    attention_panels,
)
from looksay.pictures.regions import brightest, framed, lit, regions_mask

REGIONS = Regions(
    np.array([[0.1, 0.2, 0.4, 0.9], [0.6, 0.5, 0.9, 0.9], [0, 0, 1, 1]], np.float32),
    ("dog", "", "whole picture"),
)
FRAME = (255, 209, 102)


@pytest.fixture
def photo():
    return Image.new("RGB", (200, 100), (90, 120, 150))


def test_the_brightest_come_first_and_none_of_an_even_look():
    assert brightest(np.float32([0.3, 0.6, 0.1])) == [1, 0]
    assert brightest(np.float32([0.05, 0.9, 0.05])) == [1]
    assert brightest(np.float32([0.34, 0.33, 0.33])) == []
    many = np.float32([0.2] * 5 + [0.0] * 40)
    assert brightest(many) == [0, 1, 2]
    assert brightest(np.zeros(0, np.float32)) == []


def test_a_box_is_lit_as_its_weight_says():
    mask = np.asarray(regions_mask(np.float32([0.9, 0.45, 0.0]), REGIONS, (200, 100)))
    assert mask[55, 50] == 255  # in the first box
    assert mask[70, 150] == pytest.approx(128, abs=3)
    assert mask[10, 10] == 0


def test_a_look_at_the_whole_picture_lights_it_all():
    mask = np.asarray(regions_mask(np.float32([0.05, 0.05, 0.9]), REGIONS, (200, 100)))
    assert (mask == 255).all()


def test_the_frame_runs_along_the_box(photo):
    picture = np.asarray(framed(photo.copy(), np.float32([0.9, 0.1, 0.0]), REGIONS)).astype(int)
    assert np.abs(picture[55, 20] - FRAME).max() < 40  # its left side
    assert np.abs(picture[89, 50] - FRAME).max() < 40  # its lower side
    assert (picture[55, 50] == (90, 120, 150)).all()  # inside
    assert (picture[70, 120] == (90, 120, 150)).all()  # the second is not bright enough


def test_the_name_stands_above_the_box_or_inside(photo):
    above = np.asarray(framed(photo.copy(), np.float32([1, 0, 0]), REGIONS)).astype(int)
    assert np.abs(above[6:18, 22] - FRAME).max() < 8
    inside = np.asarray(framed(photo.copy(), np.float32([0, 0, 1]), REGIONS)).astype(int)
    assert np.abs(inside[2:12, 2] - FRAME).max() < 8


def test_tags_do_not_hide_each_other(photo):
    """Two boxes of one place: the second tag finds a corner of its own."""
    twins = Regions(np.float32([[0.1, 0.3, 0.9, 0.95]] * 2), ("brown dog", "small cat"))
    rest = Regions(np.concatenate([twins.boxes, [[0, 0, 0.1, 0.1]] * 4]), (*twins.names, *"abcd"))
    both = np.asarray(framed(photo.copy(), np.float32([0.5, 0.4, 0, 0, 0, 0]), rest)).astype(int)
    tags = np.abs(both - FRAME).max(-1) < 8
    assert tags[18:28, 22].all() and tags[34:44, 24:60].mean() > 0.5


def test_lines_and_points_are_boxes_too(photo):
    thin = Regions(np.float32([[0.5, 0.5, 0.501, 0.501], [1, 1, 1, 1]]), ("a", "b"))
    assert lit(photo, np.float32([0.9, 0.6]), thin).size == photo.size


WORDS = ("a", "dog")
WEIGHTS = np.float32([[0.1, 0.1, 0.8], [0.8, 0.15, 0.05]])


def test_panels_and_animations_show_the_boxes(photo, tmp_path):
    sheet = np.asarray(attention_panels(photo, WORDS, WEIGHTS, regions=REGIONS)).astype(int)
    assert (np.abs(sheet - FRAME).max(-1) < 8).sum() > 300
    path = attention_animation(photo, WORDS, WEIGHTS, tmp_path / "look.gif", regions=REGIONS)
    with Image.open(path) as animation:
        assert animation.n_frames == 4
        animation.seek(2)
        frame = np.asarray(animation.convert("RGB")).astype(int)[:100]
    assert (np.abs(frame - FRAME).max(-1) < 40).sum() > 100


def test_the_page_has_boxes_names_and_light(photo):
    page = attention_html(photo, WORDS, WEIGHTS, regions=REGIONS)
    data = json.loads(re.search(r'id="attention">(.*?)</script>', page, re.S).group(1))
    assert data["boxes"][0] == [0.1, 0.2, 0.4, 0.9]
    assert data["framed"] == [[2], [0]]
    assert data["levels"][1][0] == 255
    assert data["where"] == ["whole picture", "dog"]
    assert "grids" not in data


def test_an_unnamed_box_is_told_by_its_place(photo):
    page = attention_html(photo, ["x"], np.float32([[0.0, 0.9, 0.1]]), regions=REGIONS)
    assert '"where":["lower right"]' in page
    even = attention_html(photo, ["x"], np.float32([[0.33, 0.33, 0.34]]), regions=REGIONS)
    assert '"where":["the whole picture"]' in even


def test_a_name_cannot_break_out_of_the_page(photo):
    evil = Regions(REGIONS.boxes, ("</script><b>", "x", "y"))
    page = attention_html(photo, WORDS, WEIGHTS, regions=evil)
    assert "</script><b>" not in page


@pytest.mark.parametrize(
    "weights", [np.ones((2, 2)), np.ones((3, 3)), np.ones((2, 3, 1)), np.full((2, 3), np.nan)]
)
def test_weights_that_do_not_fit_are_a_sentence(photo, weights):
    with pytest.raises(UsageError, match="Attention"):
        attention_panels(photo, WORDS, weights, regions=REGIONS)


def test_names_that_do_not_fit_are_a_sentence():
    with pytest.raises(UsageError, match="2 regions need boxes"):
        Regions(np.zeros((3, 4)), ("a", "b"))
