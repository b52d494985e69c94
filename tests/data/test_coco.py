"""COCO's captions of 2014 and 2017: its layout, faults, files of its other tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.data import load_data
from looksay.errors import DataError, LooksayError, UsageError

TRAIN = {1: "a.jpg", 2: "b.jpg"}
VAL = {3: "c.jpg"}


def content(names: dict[int, str], captions: list[tuple[int, str]] | None = None) -> dict[str, Any]:
    """An annotation file's content; three captions a picture, not together, unless given."""
    if captions is None:
        captions = [(image, f"A dog number {k}.") for k in range(3) for image in names]
    return {
        "info": {"year": 2017},
        "images": [{"id": i, "file_name": name, "height": 4} for i, name in names.items()],
        "annotations": [
            {"image_id": i, "id": k, "caption": text} for k, (i, text) in enumerate(captions)
        ],
    }


def make(folder: Path, *, images: str = "{part}", year: str = "2017", **parts: Any) -> str:
    """A small data set in COCO's layout, train and val unless given; its address."""
    for part, names in (("train", TRAIN), ("val", VAL)):
        place = folder / images.format(part=f"{part}{year}")
        place.mkdir(parents=True, exist_ok=True)
        for name in names.values():
            (place / name).touch()
    (folder / "annotations").mkdir(exist_ok=True)
    for part, written in (parts or {"train": content(TRAIN), "val": content(VAL)}).items():
        text = written if isinstance(written, str) else json.dumps(written)
        (folder / "annotations" / f"captions_{part}{year}.json").write_text(text)
    return f"coco:{folder}"


@pytest.mark.parametrize("year", ["2014", "2017"])
@pytest.mark.parametrize("images", ["{part}", "images/{part}", "images"])
def test_layouts(tmp_path, year, images):
    dataset = load_data(make(tmp_path, images=images, year=year))
    assert dataset.splits == {"train": 2, "dev": 1}
    record = dataset.split("dev")[0]
    assert record.name == "c.jpg"
    assert record.image == tmp_path / images.format(part=f"val{year}") / "c.jpg"
    assert record.captions == tuple(f"A dog number {k}." for k in range(3))
    assert dataset.report.sentences() == ["3 pictures with 9 captions kept."]


def test_captions_keep_their_places_in_the_file(tmp_path):
    records = load_data(make(tmp_path)).records
    assert {record.name: record.places for record in records} == {
        "a.jpg": (0, 2, 4),
        "b.jpg": (1, 3, 5),
        "c.jpg": (6, 7, 8),
    }


def test_one_part_is_enough(tmp_path):
    assert load_data(make(tmp_path, train=content(TRAIN))).splits == {"train": 2}


def test_a_year_has_to_be_chosen(tmp_path):
    make(tmp_path, year="2014", train=content({1: "a.jpg"}))
    address = make(tmp_path)
    with pytest.raises(UsageError, match=r"write coco2014:.* or coco2017:"):
        load_data(address)
    assert load_data(address.replace("coco:", "coco2014:")).splits == {"train": 1}
    assert load_data(address.replace("coco:", "coco2017:")).splits == {"train": 2, "dev": 1}
    (tmp_path / "annotations" / "captions_train2014.json").unlink()
    with pytest.raises(DataError, match=r"no annotations/captions_train2014\.json"):
        load_data(address.replace("coco:", "coco2014:"))


def test_faults_are_counted_and_the_rest_is_kept(tmp_path):
    names = TRAIN | {4: "no file.jpg", 5: "silent.jpg"}
    captions = [(1, "A dog."), (1, "A dog."), (2, " "), (4, "A ghost."), (99, "A stranger.")]
    written = content(names, captions)
    written["images"].append(written["images"][0])
    (tmp_path / "train2017").mkdir()
    (tmp_path / "train2017" / "silent.jpg").touch()
    report = load_data(make(tmp_path, train=written)).report
    assert (report.images, report.captions) == (1, 2)
    assert (report.missing_images, report.images_without_captions) == (1, 2)
    assert (report.empty_captions, report.duplicate_captions) == (1, 1)
    assert (report.captions_without_picture, report.duplicate_images) == (1, 1)
    text = " ".join(report.sentences())
    for named in ("no file.jpg", "silent.jpg", "(99)"):
        assert named in text


def without(written: dict[str, Any], *path: Any, value: Any = None) -> dict[str, Any]:
    """The content with a field taken out, or another value in its place."""
    place = written
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return written


def annotations_of(**fields: Any) -> dict[str, Any]:
    return {"images": [], "annotations": [{"image_id": 1, "id": 1, "category_id": 1, **fields}]}


WRONG = {
    "cut": (
        json.dumps(content(TRAIN))[:100],
        r"starting at character 92 of 100\).*download it again",
    ),
    "empty": ("", "not JSON"),
    "brackets": ("[" * 100_000, "not JSON"),
    "digits": ('{"images": ' + "9" * 5000 + "}", "not JSON"),
    "results": ([{"image_id": 1, "caption": "A dog."}], "annotations"),
    "number": (3, "3 stands where an object"),
    "instances": (annotations_of(segmentation=[], bbox=[]), "instances.*captions_train2017"),
    "keypoints": (annotations_of(keypoints=[], segmentation=[]), "keypoints.*captions_train2017"),
    "panoptic": (annotations_of(segments_info=[]), "panoptic.*captions_train2017"),
    "no images": (without(content(TRAIN), "images"), "there is no 'images'"),
    "images of a type": (
        without(content(TRAIN), "images", value={}),
        "'images' is {} where a list",
    ),
    "an image of a type": (without(content(TRAIN), "images", 1, value=7), "image 2: 7 stands"),
    "no id": (without(content(TRAIN), "images", 1, "id"), "image 2: there is no 'id'"),
    "id of a type": (
        without(content(TRAIN), "images", 1, "id", value=[1]),
        r"image 2: 'id' is \[1",
    ),
    "no file_name": (without(content(TRAIN), "images", 0, "file_name"), "image 1: there is no"),
    "file_name of a type": (without(content(TRAIN), "images", 0, "file_name", value=5), "image 1"),
    "no caption": (
        without(content(TRAIN), "annotations", 3, "caption"),
        "annotation 4: there is no",
    ),
    "caption of a type": (without(content(TRAIN), "annotations", 3, "caption", value=5), "a text"),
    "no image_id": (
        without(content(TRAIN), "annotations", 0, "image_id"),
        "annotation 1: there is",
    ),
    "outside": (content({1: "../a.jpg"}), "image 1: '../a.jpg'.*relative"),
    "absolute": (content({1: "/etc/a.jpg"}), "image 1.*relative"),
    "drive": (content({1: "C:\\a.jpg"}), "image 1.*relative"),
    "half a character": (content({1: "\ud800.jpg"}), "image 1.*relative"),
    "no picture there": (content({1: "x.jpg"}), "nothing is left.*x.jpg"),
    "nothing in it": ({"images": [], "annotations": []}, "nothing is left"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_cannot_be_read_is_a_sentence(tmp_path, fault):
    written, reason = WRONG[fault]
    with pytest.raises(DataError, match=reason):
        load_data(make(tmp_path, train=written))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(deadline=None, max_examples=60)
@given(
    path=st.sampled_from(
        [("images",), ("annotations",), ("images", 0), ("annotations", 0), ("images", 0, "id")]
        + [("annotations", 0, "image_id"), ("images", 0, "file_name")]
        + [("annotations", 0, "caption")]
    ),
    value=JSON,
)
def test_no_value_is_a_traceback(tmp_path_factory, path, value):
    address = make(
        tmp_path_factory.mktemp("coco"), train=without(content(TRAIN), *path, value=value)
    )
    try:
        load_data(address)
    except LooksayError as error:
        assert str(error).endswith(".")


def test_halves_of_characters_are_taken_out_of_captions(tmp_path):
    address = make(tmp_path, train=content({1: "a.jpg"}, [(1, "A caf\u00e9 \ud83d here.")]))
    assert load_data(address).records[0].captions == ("A caf\u00e9 ? here.",)


def test_a_picture_belongs_to_one_split(tmp_path):
    with pytest.raises(DataError, match=r"captions_val2017\.json: a\.jpg.*one split"):
        load_data(make(tmp_path, train=content(TRAIN), val=content({7: "a.jpg"})))


def test_missing_parts_are_named(tmp_path):
    with pytest.raises(DataError, match=r"captions_train2014\.json or captions_train2017\.json"):
        load_data(f"coco:{tmp_path}")
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_train2017.json").touch()
    with pytest.raises(DataError, match=r"there is instances_train2017\.json"):
        load_data(f"coco:{tmp_path}")
    (tmp_path / "annotations" / "captions_train2017.json").write_text(json.dumps(content(TRAIN)))
    with pytest.raises(DataError, match="no photographs in train2017, images/train2017, images"):
        load_data(f"coco:{tmp_path}")


@pytest.mark.parametrize("link_the_folder", [False, True])
def test_no_link_leads_out_of_the_folder(tmp_path, link_the_folder):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.jpg").touch()
    address = make(tmp_path / "set", train=content({1: "a.jpg"}))
    folder = tmp_path / "set" / "train2017"
    (folder / "a.jpg").unlink()
    if link_the_folder:
        (folder / "b.jpg").unlink()
        folder.rmdir()
        folder.symlink_to(outside)
    else:
        (folder / "a.jpg").symlink_to(outside / "a.jpg")
    with pytest.raises(DataError, match="leads out"):
        load_data(address)


def test_no_picture_is_asked_for_by_itself(tmp_path, monkeypatch):
    address = make(tmp_path)
    asked = []
    real = Path.is_file
    monkeypatch.setattr(Path, "is_file", lambda self: asked.append(self.name) or real(self))
    load_data(address)
    assert not [name for name in asked if name.endswith(".jpg")]


def test_the_real_data(shared_data):
    dataset = load_data(f"coco:{shared_data / 'coco2017-mini'}")
    assert dataset.splits == {"train": 80}
    assert dataset.report.sentences() == ["80 pictures with 400 captions kept."]
    (first,) = [record for record in dataset.records if 0 in record.places]
    assert first.name == "000000125870.jpg"
    assert first.captions[0].startswith("An airport filled with large passenger jets")
