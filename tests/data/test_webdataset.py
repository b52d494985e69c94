"""Photographs and captions in tar archives, read where they lie."""

from __future__ import annotations

import tarfile

import numpy as np
import pytest
from small_shards import jpeg, write_tar

from looksay.data import load_data
from looksay.errors import DataError, ImageError
from looksay.features.compute import Loaded
from looksay.features.extract import extract_features, hash_all
from looksay.features.store import FeatureStore, content_hash
from looksay.images import open_image


def test_shards_are_read_with_their_splits(shards):
    dataset = load_data(f"webdataset:{shards}")
    found = {record.name: (record.split, record.captions) for record in dataset.records}
    assert found == {
        "coco-train-000.tar/0001.jpg": ("train", ("A red field.", "All is red.")),
        "coco-train-000.tar/0002.png": ("train", ("Blue.",)),
        "coco-train-001.tar/0001.JPG": ("train", ("Green.", "A lawn.")),
        "coco-train-001.tar/0003.jpg": ("test", ("White.",)),
        "coco-val-000.tar/a/1.webp": ("dev", ("Black.",)),
    }


@pytest.mark.parametrize("pattern", ["coco-train-{000..001}.tar", "*-train-*.tar"])
def test_a_pattern_names_shards(shards, pattern):
    dataset = load_data(f"webdataset:{shards}/{pattern}")
    assert dataset.splits == {"train": 3, "test": 1}


def test_a_photograph_is_the_one_that_was_packed(shards, tmp_path):
    record = load_data(f"webdataset:{shards}/coco-train-001.tar").records[0]
    unpacked = tmp_path / "green.jpg"
    unpacked.write_bytes(jpeg("green"))
    assert open_image(record.image).tobytes() == open_image(unpacked).tobytes()
    # so the features of the one are those of the other
    assert content_hash(record.image) == content_hash(unpacked)


def test_features_are_taken_of_photographs_in_shards(shards, tmp_path):
    store = FeatureStore(tmp_path / "store", {"grid": [1, 1], "feature_size": 3})

    def colour(loaded: list[Loaded]) -> tuple[np.ndarray]:
        return (np.stack([one.pixels.mean((0, 1))[None] for one in loaded]),)

    paths = [record.image for record in load_data(f"webdataset:{shards}").split("train")]
    done = extract_features(store, paths, ["plain"], colour, image_size=4)
    assert list(done.hashes) == paths and not done.problems
    rows = store.rows([(done.hashes[path], "plain") for path in paths])
    np.testing.assert_array_equal(store.array()[rows, 0].argmax(1), [0, 2, 1])


def test_shards_without_a_split_are_divided_by_name(tmp_path):
    members = {f"{n:02}.jpg": jpeg("red") for n in range(20)}
    members |= {f"{n:02}.txt": b"Red." for n in range(20)}
    write_tar(tmp_path / "all.tar", members)
    assert set(load_data(f"webdataset:{tmp_path}/all.tar").splits) == {"train", "dev"}


def test_faults_are_counted(tmp_path):
    members = {"1.jpg": jpeg("red"), "2.txt": b"No picture.", "3.jpg": jpeg("red"), "3.txt": b"Ah"}
    write_tar(tmp_path / "train.tar", {**members, "readme.md": b"Hello", ".DS_Store": b""})
    report = load_data(f"webdataset:{tmp_path}").report
    assert (report.images, report.missing_images, report.images_without_captions) == (1, 1, 1)


@pytest.mark.parametrize(
    "place, said",
    [
        ("none", "none does not exist"),
        ("*.tar", "There is no shard"),
        ("train-{000..002}.tar", r"train-000.tar does not exist"),
        ("train-{5..2}.tar", "counts no shards"),
        ("train-{0..999999999}.tar", "too many"),
        ("../*", "is no .tar file"),
    ],
)
def test_shards_that_are_not_there_are_a_sentence(tmp_path, place, said):
    with pytest.raises(DataError, match=said):
        load_data(f"webdataset:{tmp_path}/{place}")


@pytest.mark.parametrize(
    "member, content, said",
    [
        ("../1.jpg", b"", "no path inside"),
        ("/etc/1.jpg", b"", "no path inside"),
        ("1.txt", b"\xff\xfe\xff", "1.txt: not UTF-8"),
        ("1.json", b"{", "1.json: not JSON"),
        ("1.json", b"[]", "not a JSON object"),
        ("1.json", b'{"caption": [3]}', "3 stands where a text should"),
        ("1.txt", b"a" * (1 << 21), "too many for captions"),
    ],
)
def test_a_bad_member_is_named(tmp_path, member, content, said):
    shard = write_tar(tmp_path / "bad.tar", {"1.png": jpeg("red"), member: content})
    with pytest.raises(DataError, match=said) as error:
        load_data(f"webdataset:{shard}")
    assert str(shard) in str(error.value)


def test_a_damaged_archive_is_a_sentence(shards, tmp_path):
    whole = (shards / "coco-train-000.tar").read_bytes()
    for name, content in {"cut": whole[:2000], "no": b"hello" * 300, "empty": b""}.items():
        (tmp_path / f"{name}.tar").write_bytes(content)
        with pytest.raises(DataError, match=rf"{name}.tar cannot be read as a tar archive"):
            load_data(f"webdataset:{tmp_path}/{name}.tar")
    with tarfile.open(tmp_path / "packed.tar", "w:gz") as tar:
        tar.add(shards)
    with pytest.raises(DataError, match="decompressed first"):
        load_data(f"webdataset:{tmp_path}/packed.tar")


def test_flipped_bytes_are_a_sentence_or_no_matter(shards):
    shard = shards / "coco-train-000.tar"
    whole, rng = shard.read_bytes(), np.random.default_rng(0)
    refused = 0
    for number in range(150):
        content = bytearray(whole)
        for place in rng.integers(0, len(whole), 20):
            content[place] = rng.integers(256)
        shard.with_name(f"flipped-{number}.tar").write_bytes(content)
        try:
            load_data(f"webdataset:{shards}/flipped-{number}.tar")
        except DataError:
            refused += 1
    assert refused > 20


def test_links_in_an_archive_lead_nowhere(tmp_path):
    shard = write_tar(tmp_path / "train.tar", {"1.txt": b"A secret.", "2.jpg": jpeg("red")})
    with tarfile.open(shard, "a") as tar:
        link = tarfile.TarInfo("1.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(DataError, match="nothing is left"):
        load_data(f"webdataset:{shard}")


def test_an_archive_that_changes_later_is_a_problem_of_its_pictures(shards):
    records = load_data(f"webdataset:{shards}/coco-val-000.tar").records
    path = records[0].image
    with pytest.raises(ImageError, match="does not exist"):
        open_image(path.with_name("2.webp"))
    (shards / "coco-val-000.tar").write_bytes(b"something else" * 100)
    with pytest.raises(ImageError, match="cannot be read as a tar archive"):
        open_image(path)
    hashes, problems = hash_all([path])
    assert not hashes and "cannot be read as a tar archive" in problems[0]
    (shards / "coco-val-000.tar").unlink()
    with pytest.raises(ImageError, match="does not exist"):
        open_image(path)


def test_a_store_is_no_disk():
    with pytest.raises(DataError, match="looksay extract` and `looksay export` alone can read"):
        load_data("webdataset:s3://bucket/train.tar")
