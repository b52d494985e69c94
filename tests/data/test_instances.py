"""COCO's instances format: pixels to shares, and what is wrong with a file."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from looksay.data.instances import load_boxes
from looksay.errors import DataError

CONTENT = {
    "images": [
        {"id": 9, "file_name": "a.jpg", "width": 640, "height": 480},
        {"id": 10, "file_name": "b.jpg", "width": 100, "height": 50},
    ],
    "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}],
    "annotations": [
        {"image_id": 9, "category_id": 1, "bbox": [64, 48, 320, 240], "segmentation": [[1, 2]]},
        {"image_id": 9, "category_id": 1, "bbox": [600, 0, 80.5, 480], "iscrowd": 1},
        {"image_id": 9, "category_id": 18, "bbox": [0, 0, 640, 480]},
    ],
}


def write(folder: Path, content: object) -> Path:
    path = folder / "instances_val2017.json"
    path.write_text(json.dumps(content))
    return path


def test_boxes_are_shares_of_their_picture(tmp_path):
    found = load_boxes(write(tmp_path, CONTENT))
    assert list(found) == ["a.jpg", "b.jpg"] and found["b.jpg"] == {}
    assert list(found["a.jpg"]) == ["person", "dog"]
    person = found["a.jpg"]["person"]
    assert person.tolist() == [[0.1, 0.1, 0.6, 0.6], [0.9375, 0, 1, 1]]  # cut to the picture
    assert found["a.jpg"]["dog"].tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("part", "number", "change", "words"),
    [
        ("annotations", 1, {"bbox": [1, 2, 3]}, "annotation 2: 'bbox' must be x, y"),
        ("annotations", 0, {"bbox": [1, 2, -3, 4]}, "annotation 1: 'bbox' must be"),
        ("annotations", 0, {"bbox": [1, 2, "3", 4]}, "annotation 1: 'bbox' must be"),
        ("annotations", 0, {"bbox": None}, "annotation 1: 'bbox' is null"),
        ("annotations", 2, {"image_id": 8}, "annotation 3: image 8 or category 18 is not listed"),
        ("annotations", 2, {"category_id": 7}, "or category 7 is not listed"),
        ("images", 1, {"width": 0}, "image 2: a picture of 0 by 50 pixels"),
        ("images", 1, {"file_name": 5}, "image 2: 'file_name' is 5"),
        ("categories", 0, {"name": None}, "category 1: 'name' is null"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, part, number, change, words):
    content = copy.deepcopy(CONTENT)
    content[part][number] |= change
    with pytest.raises(DataError, match=f"instances_val2017.json, {words}|{words}"):
        load_boxes(write(tmp_path, content))


@pytest.mark.parametrize("content", [[], {}, {"images": [], "annotations": []}])
def test_another_file_is_a_sentence(tmp_path, content):
    with pytest.raises(DataError, match="instances_val2017.json"):
        load_boxes(write(tmp_path, content))
