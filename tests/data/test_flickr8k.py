"""Flickr8k's text files: layouts, quirks, faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from looksay.data import load_data
from looksay.errors import DataError

SPLITS = {"train": ["a.jpg", "b.jpg"], "dev": ["c.jpg"], "test": ["d.jpg"]}


def make(folder: Path, *, images="Flicker8k_Dataset", text="", lines=None, splits=SPLITS) -> str:
    """A small data set in Flickr8k's layout; its address."""
    names = sorted(name for listed in SPLITS.values() for name in listed)
    (folder / images).mkdir(parents=True)
    for name in names:
        (folder / images / name).touch()
    (folder / text).mkdir(exist_ok=True)
    if lines is None:
        lines = [f"{name}#{k}\tA dog number {k} ." for name in names for k in range(5)]
    (folder / text / "Flickr8k.token.txt").write_text("\n".join(lines) + "\n")
    for split, listed in splits.items():
        path = folder / text / f"Flickr_8k.{split}Images.txt"
        path.write_text("".join(f"{name}\n" for name in listed))
    return f"flickr8k:{folder}"


@pytest.mark.parametrize("images", ["Flicker8k_Dataset", "Flickr8k_Dataset", "Images"])
@pytest.mark.parametrize("text", ["", "Flickr8k_text"])
def test_layouts(tmp_path, images, text):
    dataset = load_data(make(tmp_path, images=images, text=text))
    assert dataset.splits == {"train": 2, "dev": 1, "test": 1}
    record = dataset.split("dev")[0]
    assert record.name == "c.jpg" and record.image == tmp_path / images / "c.jpg"
    assert record.captions == tuple(f"A dog number {k} ." for k in range(5))
    assert dataset.report.sentences() == ["4 pictures with 20 captions kept."]


def test_marks_and_windows_lines_are_read(tmp_path):
    address = make(tmp_path, splits={"train": ["a.jpg"]})
    for path in tmp_path.glob("*.txt"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    records = load_data(address).records
    assert [(r.name, r.split, len(r.captions)) for r in records] == [("a.jpg", "train", 5)]


def test_faults_are_counted_and_the_rest_is_kept(tmp_path):
    lines = [
        "a.jpg#0\tA dog .",
        "a.jpg#1\tA dog .",
        "a.jpg#2\t .",
        "a.jpg#2\tA cat .",
        "",
        "b.jpg#0\t",
        "c.jpg#0\tA bird .",
        "d.jpg#0\tA fish .",
        "2258277193_586949ec62.jpg.1#0\tTwo dogs .",
    ]
    splits = {"train": ["a.jpg", "b.jpg", "c.jpg", "e.jpg"], "test": ["c.jpg"]}
    dataset = load_data(make(tmp_path, lines=lines, splits=splits))
    assert [(r.name, r.split) for r in dataset.records] == [("a.jpg", "train"), ("c.jpg", "test")]
    assert dataset.split("train")[0].captions == ("A dog .", "A dog .", "A cat .")
    report = dataset.report
    assert (report.images, report.captions) == (2, 4)
    assert (report.missing_images, report.empty_captions) == (1, 2)
    assert (report.duplicate_captions, report.duplicate_images) == (1, 1)
    assert (report.images_without_captions, report.unlisted_images) == (1, 1)
    assert (report.listed_without_captions, report.listed_twice) == (1, 1)
    text = " ".join(report.sentences())
    for named in ("2258277193_586949ec62.jpg.1", "d.jpg", "e.jpg", "c.jpg"):
        assert named in text
    assert len(report.sentences()) == 9


def test_missing_splits_are_named(tmp_path):
    dataset = load_data(make(tmp_path, splits={"train": ["a.jpg"], "dev": ["c.jpg"]}))
    with pytest.raises(DataError, match=r"no split 'test'; it has train \(1\), dev \(1\)"):
        dataset.split("test")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["a.jpg#0\tA dog .", "no tab here"], "line 2"),
        (["a.jpg\tA dog ."], "line 1"),
        (["../a.jpg#0\tA dog ."], "line 1.*relative"),
        (["/etc/a.jpg#0\tA dog ."], "line 1.*relative"),
        (["x.jpg#0\tA dog ."], "nothing is left.*x.jpg"),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path, lines, reason):
    with pytest.raises(DataError, match=reason):
        load_data(make(tmp_path, lines=lines))


def test_missing_parts_are_named(tmp_path):
    address = make(tmp_path, splits={})
    with pytest.raises(DataError, match="split list"):
        load_data(address)
    (tmp_path / "Flickr8k.token.txt").unlink()
    with pytest.raises(DataError, match=r"Flickr8k\.token\.txt"):
        load_data(address)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "Flickr8k.token.txt").touch()
    with pytest.raises(DataError, match="photographs"):
        load_data(f"flickr8k:{empty}")


def test_no_link_leads_out_of_the_folder(tmp_path):
    outside = tmp_path / "outside.jpg"
    outside.touch()
    address = make(tmp_path / "set")
    image = tmp_path / "set" / "Flicker8k_Dataset" / "a.jpg"
    image.unlink()
    image.symlink_to(outside)
    with pytest.raises(DataError, match="leads out"):
        load_data(address)


def test_the_real_data(shared_data):
    dataset = load_data(f"flickr8k:{shared_data / 'flickr8k'}")
    assert dataset.splits == {"train": 6000, "dev": 1000}
    assert dataset.report.captions == 35000
    names = [{record.name for record in dataset.split(split)} for split in ("train", "dev")]
    assert not names[0] & names[1]
