"""Folders of one's own photographs: both kinds of file, splits, faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from looksay.data import load_data
from looksay.errors import DataError


def make(folder: Path, names=("a.jpg", "b.jpg"), **files: str) -> str:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for kind, content in files.items():
        (folder / {"jsonl": "metadata.jsonl", "csv": "captions.csv"}[kind]).write_text(
            content, encoding="utf-8"
        )
    return f"folder:{folder}"


def captions(address: str) -> dict[str, tuple[str, ...]]:
    return {record.name: record.captions for record in load_data(address).records}


def test_jsonl_with_each_of_its_fields(tmp_path):
    rows = [
        {"file_name": "a.jpg", "caption": "A dog\nruns."},
        {"image": "sub/b.jpg", "captions": ["A cat.", "Ein Kätzchen."]},
        {"file_name": "./c.jpg", "text": "A bird."},
    ]
    names = ["a.jpg", "sub/b.jpg", "c.jpg"]
    address = make(tmp_path, names, jsonl="\n\n".join(map(json.dumps, rows)))
    assert captions(address) == {
        "a.jpg": ("A dog runs.",),
        "sub/b.jpg": ("A cat.", "Ein Kätzchen."),
        "c.jpg": ("A bird.",),
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_has_a_row_a_caption(tmp_path, delimiter):
    rows = [["Image", "caption"], ["a.jpg", '"A dog, running"'], ["b.jpg", "Zwei Hunde"]]
    rows.append(["a.jpg", "A brown dog"])
    address = make(tmp_path, csv="\ufeff" + "\r\n".join(delimiter.join(row) for row in rows))
    assert captions(address) == {
        "a.jpg": ("A dog, running", "A brown dog"),
        "b.jpg": ("Zwei Hunde",),
    }
    assert load_data(address).report.duplicate_images == 0


def test_given_splits_are_kept(tmp_path):
    table = "file_name,caption,split\na.jpg,A dog,train\na.jpg,Dogs,training\nb.jpg,A cat,val\n"
    dataset = load_data(make(tmp_path, csv=table))
    assert {record.name: record.split for record in dataset.records} == {
        "a.jpg": "train",
        "b.jpg": "dev",
    }
    make(tmp_path, csv=table + "b.jpg,Cats,train\n")
    with pytest.raises(DataError, match=r"captions\.csv, line 5.*one split"):
        load_data(f"folder:{tmp_path}")


def test_faults_are_counted(tmp_path):
    rows = [
        {"image": "a.jpg", "captions": ["A dog.", "A dog.", " ", "?!"]},
        {"image": "a.jpg", "caption": "A brown dog."},
        {"image": "b.jpg", "captions": []},
        {"image": "none.jpg", "caption": "A ghost."},
    ]
    dataset = load_data(make(tmp_path, jsonl="\n".join(map(json.dumps, rows))))
    assert [record.captions for record in dataset.records] == [("A dog.", "A dog.", "A brown dog.")]
    report = dataset.report
    assert (report.duplicate_captions, report.empty_captions) == (1, 2)
    assert (report.duplicate_images, report.images_without_captions) == (1, 1)
    assert report.missing_images == 1 and "none.jpg" in " ".join(report.sentences())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"image": "a.jpg", "caption": }', "not JSON"),
        ('["a.jpg", "A dog"]', "object"),
        ('{"image": "a.jpg"}', "no caption"),
        ('{"caption": "A dog"}', "no file_name or image"),
        ('{"image": "a.jpg", "caption": 3}', "3 stands"),
        ('{"image": null, "caption": "A dog"}', "null stands"),
        ('{"image": "../a.jpg", "caption": "A dog"}', "relative"),
        ('{"image": "sub/../../a.jpg", "caption": "A dog"}', "relative"),
        ('{"image": "..\\\\a.jpg", "caption": "A dog"}', "relative"),
        ('{"image": "/a.jpg", "caption": "A dog"}', "relative"),
        ('{"image": "C:\\\\a.jpg", "caption": "A dog"}', "relative"),
        ('{"image": "a\\u0000.jpg", "caption": "A dog"}', "relative"),
        ('{"image": "", "caption": "A dog"}', "relative"),
    ],
)
def test_bad_json_lines_are_named(tmp_path, line, reason):
    good = '{"image": "a.jpg", "caption": "A dog"}\n'
    with pytest.raises(DataError, match=rf"metadata\.jsonl, line 2: .*{reason}"):
        load_data(make(tmp_path, jsonl=good + line))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a.jpg,A dog, running", "quotation marks"),
        ("a.jpg", "quotation marks"),
        ('a.jpg,"A dog" x', "not CSV"),
        ("../a.jpg,A dog", "relative"),
    ],
)
def test_bad_csv_rows_are_named(tmp_path, row, reason):
    with pytest.raises(DataError, match=rf"captions\.csv, line 3: .*{reason}"):
        load_data(make(tmp_path, csv=f"image,caption\nb.jpg,A cat\n{row}\n"))


def test_other_encodings_are_named_by_line(tmp_path):
    address = make(tmp_path)
    (tmp_path / "captions.csv").write_bytes("image,caption\na.jpg,Mädchen\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"captions\.csv, line 2: not UTF-8"):
        load_data(address)


@pytest.mark.parametrize("link_a_folder", [False, True])
def test_no_link_leads_out_of_the_folder(tmp_path, link_a_folder):
    secret = tmp_path / "secret"
    make(secret, ["a.jpg"])
    address = make(tmp_path / "set", ["b.jpg"], jsonl='{"image": "in/a.jpg", "caption": "A dog"}')
    if link_a_folder:
        (tmp_path / "set" / "in").symlink_to(secret)
    else:
        (tmp_path / "set" / "in").mkdir()
        (tmp_path / "set" / "in" / "a.jpg").symlink_to(secret / "a.jpg")
    with pytest.raises(DataError, match="leads out"):
        load_data(address)


def test_links_inside_the_folder_are_followed(tmp_path):
    address = make(tmp_path, ["b.jpg"], jsonl='{"image": "a.jpg", "caption": "A dog"}')
    (tmp_path / "a.jpg").symlink_to(tmp_path / "b.jpg")
    assert list(captions(address)) == ["a.jpg"]


def test_missing_and_doubled_files(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        load_data(f"folder:{tmp_path / 'none'}")
    with pytest.raises(DataError, match="neither"):
        load_data(make(tmp_path))
    with pytest.raises(DataError, match="nothing is left"):
        load_data(make(tmp_path, csv="image,caption\n"))
    with pytest.raises(DataError, match="both"):
        load_data(make(tmp_path, jsonl=""))


def test_captions_keep_their_places_in_the_file(tmp_path):
    address = make(tmp_path, csv="image,caption\na.jpg,A dog\nb.jpg,A cat\na.jpg,Dogs\n")
    assert [record.places for record in load_data(address).records] == [(0, 2), (1,)]


def test_the_seed_divides_pictures_without_a_split(tmp_path):
    names = [f"{i}.jpg" for i in range(20)]
    table = "image,caption\n" + "".join(f"{name},A dog\n{name},A cat\n" for name in names)
    address = make(tmp_path, names, csv=table)
    dataset = load_data(address, seed=1, dev_share=0.3, test_share=0.2)
    assert set(dataset.splits) == {"train", "dev", "test"}
    assert dataset == load_data(address, seed=1, dev_share=0.3, test_share=0.2)
    assert dataset.records != load_data(address, seed=2, dev_share=0.3, test_share=0.2).records
