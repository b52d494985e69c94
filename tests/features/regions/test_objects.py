"""What a detector finds in photographs, by class."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx")

from toy_detector import SIDE, write_toy_detector  # noqa: E402

from looksay.errors import FeatureError, ImageError, MissingExtraError  # noqa: E402
from looksay.features.regions.objects import ObjectFinder  # noqa: E402


@pytest.fixture
def detector(tmp_path):
    return write_toy_detector(tmp_path / "toy.onnx")


@pytest.fixture
def names(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("cat\nlamp\n")
    return path


@pytest.fixture
def photo(tmp_path):
    """White where one place of the detector is: the second of the second row."""
    image = Image.new("RGB", (SIDE, SIDE), (60, 60, 60))
    image.paste((255, 255, 255), (8, 8, 16, 16))
    image.save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_boxes_by_class(detector, names, photo):
    found = ObjectFinder(detector, threshold=0.5, class_names=names)(photo)
    assert list(found) == ["lamp"]
    np.testing.assert_allclose(found["lamp"], [[4 / 32, 4 / 32, 20 / 32, 20 / 32]], atol=1e-6)


def test_what_is_not_sure_enough_is_left_out(detector, names, tmp_path):
    Image.new("RGB", (SIDE, SIDE), (60, 60, 60)).save(tmp_path / "dark.png")
    find = ObjectFinder(detector, threshold=0.3, class_names=names)
    assert find(tmp_path / "dark.png") == {}


def test_classes_without_names_are_a_sentence(detector):
    with pytest.raises(FeatureError, match="other classes than COCO's 80.*--class-names"):
        ObjectFinder(detector, threshold=0.3)


def test_a_photograph_that_is_none_is_an_image_error(detector, names, tmp_path):
    (tmp_path / "none.jpg").write_text("no picture")
    find = ObjectFinder(detector, threshold=0.3, class_names=names)
    with pytest.raises(ImageError):
        find(tmp_path / "none.jpg")


def test_without_onnx_the_extra_is_named(detector, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"looksay\[train\]"):
        ObjectFinder(detector, threshold=0.3)
