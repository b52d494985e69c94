"""Addresses, split files and samples as `load_data` takes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from looksay.data import load_data
from looksay.errors import DataError, UsageError

NAMES = [f"{i}.jpg" for i in range(6)]


def make(folder: Path) -> str:
    for name in NAMES:
        (folder / name).touch()
    rows = [
        f"{name},A dog {k},{'dev' if name == '0.jpg' else 'train'}" for name in NAMES for k in "ab"
    ]
    (folder / "captions.csv").write_text("image,caption,split\n" + "\n".join(rows))
    return f"folder:{folder}"


def write_split_file(path: Path, **splits: list[str]) -> Path:
    path.write_text(json.dumps({"format": 1, "splits": splits}))
    return path


@pytest.mark.parametrize("address", ["holiday", "kaggle:x", "folder:", ":x", "", "C:\\photos"])
def test_addresses_of_no_kind_are_refused(address):
    with pytest.raises(UsageError) as error:
        load_data(address)
    assert str(error.value).endswith(
        "is no data set; write coco:DIR, coco2014:DIR, coco2017:DIR, flickr8k:DIR, flickr30k:DIR, "
        "karpathy:FILE.json[@IMAGES], folder:DIR or webdataset:PATTERN."
    )


@pytest.mark.parametrize(
    "kind", ["coco", "coco2014", "coco2017", "flickr8k", "flickr30k", "folder"]
)
def test_folders_that_are_not_there(tmp_path, kind):
    with pytest.raises(DataError, match=r"none does not exist\."):
        load_data(f"{kind}:{tmp_path / 'none'}")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=rf"file is a file; {kind}: needs the folder"):
        load_data(f"{kind}:{tmp_path / 'file'}")


def test_a_split_file_comes_before_the_data_sets_own_splits(tmp_path):
    address = make(tmp_path)
    listed = write_split_file(
        tmp_path / "split.json", train=["0.jpg", "1.jpg"], dev=["2.jpg"], test=["3.jpg", "x.jpg"]
    )
    dataset = load_data(address, split_file=listed)
    assert {record.name: record.split for record in dataset.records} == {
        "0.jpg": "train",
        "1.jpg": "train",
        "2.jpg": "dev",
        "3.jpg": "test",
    }
    assert (dataset.report.not_in_split_file, dataset.report.missing_from_data) == (2, 1)
    assert dataset.report.sentences() == [
        "4 pictures with 8 captions kept.",
        f"Splits are those of {listed}.",
        "2 pictures are not in the split file (4.jpg, 5.jpg): left out.",
        "1 picture of the split file is not in the data set (x.jpg): left out.",
    ]


def test_a_split_file_of_another_data_set(tmp_path):
    listed = write_split_file(tmp_path / "split.json", train=["x.jpg"])
    with pytest.raises(DataError, match="nothing is left.*6 pictures are not in the split file"):
        load_data(make(tmp_path), split_file=str(listed))
    with pytest.raises(DataError, match=r"none\.json"):
        load_data(make(tmp_path), split_file=tmp_path / "none.json")


def test_a_sample_is_of_the_split_files_training_pictures(tmp_path):
    listed = write_split_file(tmp_path / "split.json", train=NAMES[2:], test=NAMES[:2])
    dataset = load_data(
        make(tmp_path), split_file=listed, sample=8, sample_dev_share=0.25, sample_seed=2
    )
    assert dataset.splits == {"train": 3, "dev": 1}
    assert {record.name for record in dataset.records} == set(NAMES[2:])
    assert len(dataset.report.notes) == 2
    with pytest.raises(UsageError, match="ask for 1 to 10"):
        load_data(make(tmp_path), sample=11)
    with pytest.raises(UsageError, match="ask for 1 to 10"):
        load_data(make(tmp_path), sample=-1)
    first = load_data(make(tmp_path), sample=3, sample_order="first", sample_dev_share=0)
    assert [(r.name, len(r.captions)) for r in first.records] == [("1.jpg", 2), ("2.jpg", 1)]
