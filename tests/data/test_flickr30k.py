"""Flickr30k: the token file, Kaggle's table, splits of one's own or Karpathy's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from looksay.data import load_data
from looksay.data.splits import split_by_name
from looksay.errors import DataError

NAMES = [f"{i}.jpg" for i in range(10)]
TOKENS = "".join(f"{name}#{k}\tA dog number {k} .\n" for name in NAMES for k in range(2))
TABLE = "image_name| comment_number| comment\n" + "".join(
    f'{name}| {k}| A "big" dog, number {k} .\n' for name in NAMES for k in range(2)
)


def make(folder: Path, images="flickr30k-images", **files: str) -> str:
    (folder / images).mkdir(parents=True)
    for name in NAMES:
        (folder / images / name).touch()
    places = {"tokens": "results_20130124.token", "table": "results.csv"}
    for kind, content in (files or {"tokens": TOKENS}).items():
        (folder / places[kind]).write_text(content)
    return f"flickr30k:{folder}"


@pytest.mark.parametrize(
    "images",
    ["flickr30k-images", "flickr30k_images", "images", "flickr30k_images/flickr30k_images"],
)
def test_layouts_and_splits_by_name(tmp_path, images):
    dataset = load_data(make(tmp_path, images), seed=3, dev_share=0.3, test_share=0.2)
    splits = {record.name: record.split for record in dataset.records}
    assert splits == split_by_name(NAMES, seed=3, dev_share=0.3, test_share=0.2)
    assert dataset.records[0].captions == ("A dog number 0 .", "A dog number 1 .")
    assert dataset.records[0].image == tmp_path / images / "0.jpg"


def test_kaggles_table(tmp_path):
    table = TABLE + "9.jpg| 4   A dog runs across the grass .\n"
    records = load_data(make(tmp_path, table=table)).records
    assert records[0].captions == ('A "big" dog, number 0 .', 'A "big" dog, number 1 .')
    assert records[9].captions[-1] == "A dog runs across the grass ."
    assert [record.places for record in records[:2]] == [(0, 1), (2, 3)]


def test_the_token_file_comes_first_and_files_may_lie_with_the_photographs(tmp_path):
    dataset = load_data(make(tmp_path / "a", tokens=TOKENS, table=TABLE))
    assert dataset.records[0].captions[0] == "A dog number 0 ."
    make(tmp_path / "b", "flickr30k_images/flickr30k_images", table=TABLE)
    (tmp_path / "b" / "results.csv").rename(tmp_path / "b" / "flickr30k_images" / "results.csv")
    assert len(load_data(f"flickr30k:{tmp_path / 'b'}").records) == 10


def test_karpathys_splits_are_used_where_they_are(tmp_path):
    address = make(tmp_path)
    listed = {"0.jpg": "val", "1.jpg": "test", "2.jpg": "train", "x.jpg": "train"}
    images = [{"filename": n, "split": s, "sentences": []} for n, s in listed.items()]
    (tmp_path / "dataset_flickr30k.json").write_text(json.dumps({"images": images}))
    dataset = load_data(address)
    assert {r.name: r.split for r in dataset.records} == {
        "0.jpg": "dev",
        "1.jpg": "test",
        "2.jpg": "train",
    }
    assert (dataset.report.unlisted_images, dataset.report.listed_without_captions) == (7, 1)
    (tmp_path / "dataset_flickr30k.json").write_text('{"images": [')
    with pytest.raises(DataError, match=r"dataset_flickr30k\.json: not JSON"):
        load_data(address)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"tokens": "0.jpg A dog\n"}, r"results_20130124\.token, line 1: not of the form"),
        ({"tokens": "../0.jpg#0\tA dog\n"}, "line 1.*relative"),
        ({"table": TABLE + "0.jpg, 0, A dog\n"}, r"results\.csv, line 22: not of the form"),
        ({"table": "0.jpg| A dog| 0\n"}, "line 1: not of the form"),
        ({"table": "../0.jpg| 0| A dog\n"}, "line 1.*relative"),
        ({"table": ""}, "nothing is left"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path, files, reason):
    with pytest.raises(DataError, match=reason):
        load_data(make(tmp_path, **files))


def test_missing_parts_are_named(tmp_path):
    with pytest.raises(DataError, match=r"neither results_20130124\.token nor results\.csv"):
        load_data(f"flickr30k:{tmp_path}")
    (tmp_path / "results.csv").write_text(TABLE)
    with pytest.raises(DataError, match="no photographs in flickr30k-images"):
        load_data(f"flickr30k:{tmp_path}")
