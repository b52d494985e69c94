"""Published region features with something in them that no detector writes."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from looksay.errors import FeatureError
from looksay.features.regions.published import as_shares, open_region_file

FEATURES = np.ones((2, 3), np.float32)
BOXES = np.array([[0, 0, 4, 4], [1, 1, 8, 8]], np.float32)


def read(path):
    source = open_region_file(path.parent)
    return list(source.read({"7": path}))


def test_an_array_that_is_none(tmp_path):
    path = tmp_path / "7.npz"
    np.savez(path, feat=FEATURES)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("bbox.npy", b"no array")
    with pytest.raises(FeatureError, match=r"7\.npz is damaged"):
        read(path)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"bbox": BOXES * np.nan}, "no numbers"),
        ({"bbox": BOXES + np.inf}, "no numbers"),
        ({"image_w": np.array([1, 2])}, r"7\.npz"),
        ({"image_w": np.array("wide")}, r"7\.npz"),
        ({"image_w": 0}, "its picture is 0 x 9"),
        ({"image_h": np.nan}, "its picture is 9 x nan"),
    ],
)
def test_boxes_and_sizes_that_cannot_be(tmp_path, changed, words):
    path = tmp_path / "7.npz"
    arrays = {"feat": FEATURES, "bbox": BOXES, "image_w": 9, "image_h": 9}
    np.savez(path, **arrays)
    assert len(read(path)) == 1
    np.savez(path, **(arrays | changed))
    with pytest.raises(FeatureError, match=words):
        read(path)


def test_scores_that_are_no_numbers():
    with pytest.raises(ValueError, match="no numbers"):
        as_shares(BOXES, (9, 9), np.array([1, np.nan]))
