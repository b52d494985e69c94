"""Published features: what is read is what was written, and damage is a sentence."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from PIL import Image

from looksay.errors import FeatureError
from looksay.features.regions import tsv_file
from looksay.features.regions.published import image_id, open_region_file

SIZE = 5


def entry(number: int, count: int = 3):
    """Boxes in pixels of a picture of 40 x 20, and features, of a picture's number."""
    rng = np.random.default_rng(number)
    low = rng.random((count, 2)) * [20, 10]
    boxes = np.concatenate([low, low + [20, 10]], 1).astype(np.float32)
    return boxes, rng.normal(size=(count, SIZE)).astype(np.float32)


def coded(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def line(number: int, count: int = 3) -> str:
    boxes, features = entry(number, count)
    return "\t".join(map(str, [number, 40, 20, count, coded(boxes), coded(features)])) + "\n"


@pytest.fixture
def tsv(tmp_path):
    path = tmp_path / "trainval_36.tsv"
    path.write_text("".join(line(n) for n in (391895, 7, 42, 7)))
    return path


def wanted(*ids: str) -> dict:
    return dict.fromkeys(ids)


def check(found, number: int, count: int = 3):
    boxes, features = entry(number, count)
    assert found.image_id == str(number)
    np.testing.assert_allclose(found.boxes[:, :4], boxes / [40, 20, 40, 20], rtol=1e-6)
    np.testing.assert_array_equal(found.features, features)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("COCO_val2014_000000391895.jpg", "391895"),
        ("000000000042.jpg", "42"),
        ("391895", "391895"),
        ("1000268201_693b08cb0e.jpg", "1000268201_693b08cb0e"),
        ("my.dog.png", "my.dog"),
        ("0", "0"),
    ],
)
def test_names_and_ids_meet(name, expected):
    assert image_id(name) == expected


def test_a_tsv_gives_what_is_wanted_once(tsv):
    reader = open_region_file(tsv)
    assert reader.feature_size == SIZE
    found = list(reader.read(wanted("7", "42", "9")))
    assert [one.image_id for one in found] == ["7", "42"]
    check(found[0], 7)
    assert (found[0].boxes[:, 4] == 0).all() and (found[0].boxes[:, 5] == -1).all()


def test_reading_stops_when_all_is_found(tsv):
    with tsv.open("a") as file:
        file.write("damage\n")
    reader = open_region_file(tsv)
    assert len(list(reader.read(wanted("7", "42")))) == 2
    with pytest.raises(FeatureError, match=r"36\.tsv, line 5 is damaged.*1 columns"):
        list(reader.read(wanted("9")))


def test_parts_are_one(tmp_path):
    (tmp_path / "train.tsv.0").write_text(line(1))
    (tmp_path / "train.tsv.1").write_text(line(2, 7))
    found = list(open_region_file(tmp_path).read(wanted("1", "2")))
    check(found[1], 2, 7)


def test_classes_and_scores_of_the_longer_layout_are_kept(tmp_path):
    boxes, features = entry(3)
    scores, classes = np.float32([0.9, 0.5, 0.4]), np.array([4, 1, 9])
    values = ["img_3", 20, 40, coded(classes), coded(scores), coded(classes), coded(scores), 3]
    path = tmp_path / "lxmert.tsv"
    path.write_text("\t".join(map(str, [*values, coded(boxes), coded(features)])) + "\n")
    (found,) = open_region_file(path).read(wanted("img_3"))
    np.testing.assert_allclose(found.boxes[:, 4], scores)
    np.testing.assert_array_equal(found.boxes[:, 5], classes)
    np.testing.assert_allclose(found.boxes[:, :4], boxes / [40, 20, 40, 20], rtol=1e-6)


@pytest.mark.parametrize("left", range(1, len(line(42)) - 1))
def test_a_file_cut_short_is_a_sentence(tsv, left):
    """Wherever the cut is, what was before it has been given."""
    whole = tsv.read_text()
    start = len(line(391895)) + len(line(7))
    tsv.write_text(whole[: start + left])
    given = []
    with pytest.raises(FeatureError, match=r"line 3 is damaged or cut short.*download it again"):
        for one in open_region_file(tsv).read(wanted("7", "42", "4")):
            given.append(one.image_id)
    assert given == ["7"]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (3, "2", "damaged|numbers each"),
        (3, "-1", "-1 boxes"),
        (3, "three", "damaged"),
        (1, "0", "picture of 0"),
        (4, "!!", "base64 is broken"),
        (5, "", "its features are 0 bytes"),
        (5, coded(np.full((3, SIZE), np.nan, np.float32)), "no numbers"),
    ],
)
def test_a_wrong_value_is_a_sentence(tmp_path, column, value, words):
    fields = line(1).rstrip("\n").split("\t")
    fields[column] = value
    path = tmp_path / "wrong.tsv"
    path.write_text("\t".join(fields) + "\n")
    with pytest.raises(FeatureError, match=words):
        open_region_file(path)


def test_an_endless_line_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tsv_file, "MOST_LINE_BYTES", 100)
    path = tmp_path / "one.tsv"
    path.write_text("x" * 1000)
    with pytest.raises(FeatureError, match="longer than any"):
        open_region_file(path)


def test_what_is_no_file_of_features_is_a_sentence(tmp_path):
    with pytest.raises(FeatureError, match="no published features at .*regions_file=PATH"):
        open_region_file(tmp_path / "nothing")
    with pytest.raises(FeatureError, match="no .tsv, .npz or .npy"):
        open_region_file(tmp_path)
    (tmp_path / "empty.tsv").touch()
    with pytest.raises(FeatureError, match="is empty"):
        open_region_file(tmp_path)


def test_other_features_have_another_identity(tsv, tmp_path):
    before = open_region_file(tsv).identity()
    assert before == open_region_file(tsv).identity()
    tsv.write_text(line(391895) + line(8) + line(42) + line(7))
    assert open_region_file(tsv).identity() != before


@pytest.mark.parametrize("transposed", [False, True])
def test_archives_with_boxes(tmp_path, transposed):
    boxes, features = entry(42)
    given = features.T if transposed else features
    np.savez(tmp_path / "COCO_train2014_000000000042.npz", x=given, bbox=boxes, num_bbox=3,
             image_w=40, image_h=20, info=np.array({"a": 1}, dtype=object))  # fmt: skip
    reader = open_region_file(tmp_path)
    (found,) = reader.read(wanted("42", "43"))
    check(found, 42)
    assert reader.feature_size == SIZE


def test_arrays_with_boxes_in_the_folder_beside(tmp_path):
    boxes, features = entry(42)
    for name, array in (("bu_att", features), ("bu_box", boxes)):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "42.npy", array)
    Image.new("RGB", (40, 20)).save(tmp_path / "photo.png")
    (found,) = open_region_file(tmp_path / "bu_att").read({"42": tmp_path / "photo.png"})
    check(found, 42)


def test_features_without_boxes_are_of_the_whole_picture(tmp_path):
    np.savez_compressed(tmp_path / "42.npz", feat=entry(42)[1])
    (found,) = open_region_file(tmp_path).read(wanted("42"))
    np.testing.assert_array_equal(found.boxes[:, :4], np.tile([0, 0, 1, 1], (3, 1)))


def test_pickles_are_not_read(tmp_path):
    np.save(tmp_path / "1.npy", np.array({"a": 1}, dtype=object), allow_pickle=True)
    with pytest.raises(FeatureError, match="Python objects"):
        open_region_file(tmp_path)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"y": np.zeros((3, 2))}, "no array called"),
        ({"x": np.zeros(3)}, "its features are float64"),
        ({"x": np.zeros((3, 2)), "bbox": np.zeros((3, 5))}, "its boxes are"),
    ],
)
def test_other_archives_are_a_sentence(tmp_path, arrays, words):
    np.savez(tmp_path / "1.npz", **arrays)
    with pytest.raises(FeatureError, match=words):
        list(open_region_file(tmp_path).read(wanted("1")))


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "1.npz", x=np.zeros((40_000, 2000), np.float32))
    with pytest.raises(FeatureError, match="unpacks to 320 MB"):
        open_region_file(tmp_path)
