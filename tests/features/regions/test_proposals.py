"""Proposals find what stands out, the same every time; without OpenCV there is a sentence."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from looksay.errors import FeatureError, MissingExtraError
from looksay.features.regions.boxes import overlaps
from looksay.features.regions.finder import open_finder, regions_of
from looksay.runtime.regions import RegionSettings, region_mask

SETTINGS = RegionSettings(source="proposals", max_regions=12)


@pytest.fixture
def photo():
    image = Image.new("RGB", (300, 200), (30, 120, 40))
    draw = ImageDraw.Draw(image)
    draw.rectangle((30, 40, 119, 159), fill=(220, 30, 30))
    draw.ellipse((180, 60, 270, 150), fill=(240, 240, 250))
    return image


@pytest.fixture
def finder():
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "ximgproc"):
        pytest.skip("this OpenCV is without its extra modules")
    return open_finder(SETTINGS, None)


def test_things_on_a_ground_are_proposed(finder, photo):
    (boxes,) = finder.find([finder.look(photo)])
    for thing in ((30, 40, 120, 160), (180, 60, 271, 151)):
        expected = np.array(thing) / [300, 200, 300, 200]
        assert overlaps(expected, boxes).max() > 0.85
    regions = regions_of(boxes, SETTINGS)
    assert region_mask(regions).sum() == min(len(boxes) + 1, 12)


def test_proposals_are_the_same_every_time(finder, photo):
    looks = [finder.look(photo) for _ in range(3)]
    assert all(np.array_equal(looks[0], other) for other in looks)
    assert (np.diff(looks[0][:, 4]) <= 0).all()


def test_an_even_picture_is_one_region(finder):
    regions = regions_of(finder.look(Image.new("RGB", (50, 50))), SETTINGS)
    np.testing.assert_array_equal(region_mask(regions), [1] + [0] * 11)


def test_without_opencv_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'looksay\[regions\]'"):
        open_finder(SETTINGS, None)


def test_published_features_cannot_be_found_in_a_photograph():
    with pytest.raises(FeatureError, match="regions=detector"):
        open_finder(RegionSettings(source="file"), None)
