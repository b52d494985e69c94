"""Karpathy's splits: addresses, where pictures are looked for, faults."""

from __future__ import annotations

import json
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest

from looksay.data import karpathy, load_data
from looksay.errors import DataError, UsageError


def entry(name: str, split: str = "train", **fields: Any) -> dict[str, Any]:
    sentences = [{"raw": f"A dog in {name}.", "tokens": ["a", "dog"], "imgid": 0}]
    return {"filename": name, "split": split, "sentences": sentences, "imgid": 0, **fields}


def make(folder: Path, entries: Any, *, images: dict[str, str], file="dataset.json") -> str:
    """The file, and a picture in each of the folders below `folder`; the address."""
    for name, place in images.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / name).touch()
    folder.mkdir(exist_ok=True)
    text = entries if isinstance(entries, str) else json.dumps({"images": entries, "dataset": "x"})
    (folder / file).write_text(text)
    return f"karpathy:{folder / file}"


def test_splits_have_looksays_names(tmp_path):
    splits = {"a.jpg": "train", "b.jpg": "restval", "c.jpg": "val", "d.jpg": "test"}
    entries = [entry(name, split) for name, split in splits.items()]
    dataset = load_data(make(tmp_path, entries, images=dict.fromkeys(splits, "")))
    assert {record.name: record.split for record in dataset.records} == {
        "a.jpg": "train",
        "b.jpg": "train",
        "c.jpg": "dev",
        "d.jpg": "test",
    }
    assert dataset.records[0].captions == ("A dog in a.jpg.",)
    assert [record.places for record in dataset.records] == [(0,), (1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("place", "filepath"),
    [
        ("", None),
        ("images", None),
        ("val2014", "val2014"),
        ("images/val2014", "val2014"),
        ("", "val2014"),
        ("images", "val2014"),
        ("Flicker8k_Dataset", None),
        ("flickr30k-images", None),
        ("flickr30k_images/flickr30k_images", None),
    ],
)
def test_where_pictures_are_looked_for(tmp_path, place, filepath):
    fields = {"filepath": filepath} if filepath else {}
    address = make(tmp_path, [entry("a.jpg", **fields)], images={"a.jpg": place})
    (record,) = load_data(address).records
    assert record.image == tmp_path / place / "a.jpg" and record.name == "a.jpg"


def test_pictures_elsewhere(tmp_path):
    elsewhere = tmp_path / "pictures @ home"
    make(elsewhere, [], images={"a.jpg": "val2014"})
    address = make(tmp_path / "files", [entry("a.jpg", filepath="val2014")], images={})
    with pytest.raises(DataError, match=r"None of the 1 pictures .* write|say where they are: .*@"):
        load_data(address)
    (record,) = load_data(f"{address}@{elsewhere}").records
    assert record.image == elsewhere / "val2014" / "a.jpg"
    with pytest.raises(DataError, match="pictures' folder .* does not exist"):
        load_data(f"{address}@{tmp_path / 'nowhere'}")


def test_windows_drives_and_other_signs_are_parts_of_paths(monkeypatch):
    monkeypatch.setattr(Path, "is_file", lambda self: True)
    file, folder = karpathy.split_place(r"C:\a@b\dataset_coco.json@D:\coco@home")
    assert str(file) == r"C:\a@b\dataset_coco.json" and str(folder) == r"D:\coco@home"
    assert PureWindowsPath(str(file)).drive == "C:"
    assert karpathy.split_place("/x@y/Set.JSON") == (Path("/x@y/Set.JSON"), Path("/x@y"))


@pytest.mark.parametrize("place", ["folder", "file.csv", "x.json@", "file.json.gz", "@images"])
def test_other_addresses_are_refused(tmp_path, place):
    with pytest.raises(UsageError, match=r"write karpathy:FILE\.json\[@IMAGES\]"):
        load_data(f"karpathy:{place}")
    with pytest.raises(DataError, match="does not exist"):
        load_data(f"karpathy:{tmp_path / 'none.json'}")


def test_words_stand_in_for_a_missing_text(tmp_path):
    sentences = [{"tokens": ["two", "dogs"]}, {"raw": "A cat."}, {"tokens": []}]
    address = make(tmp_path, [entry("a.jpg", sentences=sentences)], images={"a.jpg": ""})
    dataset = load_data(address)
    assert dataset.records[0].captions == ("two dogs", "A cat.")
    assert dataset.report.empty_captions == 1


def test_faults_are_counted(tmp_path):
    entries = [entry("a.jpg"), entry("a.jpg"), entry("b.jpg", sentences=[]), entry("c.jpg")]
    report = load_data(make(tmp_path, entries, images={"a.jpg": "", "b.jpg": ""})).report
    assert (report.images, report.captions) == (1, 2)
    assert (report.duplicate_images, report.duplicate_captions) == (1, 1)
    assert (report.images_without_captions, report.missing_images) == (1, 1)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('{"images": [{"filename": "a.jp', "not JSON.*download it again"),
        ("[]", r"\[\] stands where an object"),
        ("{}", "there is no 'images'"),
        ('{"images": [], "annotations": []}', "annotation file of COCO's.*coco:DIR"),
        ([3], "picture 1: 3 stands"),
        ([{}], "picture 1: there is no 'filename'"),
        (
            [entry("a.jpg", "trian")],
            r"picture 1 \(a\.jpg\): split 'trian' is none of train, restval",
        ),
        ([entry("a.jpg", split=None)], r"\(a\.jpg\): 'split' is null where a text"),
        ([entry("a.jpg", filepath=3)], "'filepath' is 3 where a text"),
        ([entry("a.jpg", filepath="..")], r"\(a\.jpg\): '\.\./a\.jpg'.*relative"),
        ([entry("a.jpg", filepath="/etc")], "relative"),
        ([entry("../a.jpg")], "relative"),
        ([entry("a.jpg", sentences="A dog.")], "'sentences' is \"A dog.\" where a list"),
        ([entry("a.jpg", sentences=["A dog."])], '"A dog." stands where an object'),
        ([entry("a.jpg", sentences=[{}])], "there is no 'raw'"),
        ([entry("a.jpg", sentences=[{"raw": 3}])], "'raw' is 3 where a text"),
        ([entry("a.jpg", sentences=[{"tokens": "dog"}])], "where a list"),
        ([entry("a.jpg", sentences=[{"tokens": [3]}])], "'tokens' has something else than words"),
        ([entry("a.jpg"), entry("a.jpg", "test")], r"a\.jpg is in split 'train' and in 'test'"),
        ([], "nothing is left"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path, written, reason):
    address = make(tmp_path, written, images={"a.jpg": ""})
    with pytest.raises(DataError, match=reason) as error:
        load_data(address)
    assert "dataset.json" in str(error.value)
