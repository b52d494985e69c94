"""Shards that are read in order, from a disk or a store, and what is kept of them."""

from __future__ import annotations

import json
import tarfile

import numpy as np
import pytest
from small_shards import Connection, Questions, jpeg, noise, tar_of, write_tar

from looksay import places
from looksay.data import load_data, shard_index
from looksay.data.samples import sample_captions
from looksay.data.shard_streams import read_members
from looksay.data.streamed import StreamedDataset
from looksay.errors import DataError, LooksayError, MissingExtraError, ScaleError, UsageError
from looksay.features.store import content_hash
from looksay.images.tar_streams import stream_tar

S3 = pytest.mark.filterwarnings("ignore::ResourceWarning")  # of its connections


@pytest.fixture
def load(tmp_path):
    def load(place, **options) -> StreamedDataset:
        options = {"streamed": True, "index_folder": tmp_path / "index", **options}
        return load_data(f"webdataset:{place}", **options)

    return load


@pytest.fixture
def memory():
    """A store in memory, empty at first."""
    fs = pytest.importorskip("fsspec", reason="the extra stream").filesystem("memory")
    fs.store.clear()
    yield fs
    fs.store.clear()


def described(dataset):
    return {record.name: (record.split, record.captions) for record in dataset.records}


def test_streamed_shards_are_those_of_the_disk(shards, load):
    on_disk, streamed = load_data(f"webdataset:{shards}"), load(shards)
    assert described(streamed) == described(on_disk)
    assert [r.name for r in streamed.records] == [r.name for r in on_disk.records]
    for record, other in zip(streamed.records, on_disk.records, strict=True):
        assert streamed.photograph(record).digest == content_hash(other.image)
    # and a sample, or another division, is still one that can be streamed
    sampled = sample_captions(streamed, 2)
    assert isinstance(sampled, StreamedDataset) and sampled.shards == streamed.shards


def test_a_store_gives_what_the_disk_gives(shards, load, memory):
    for shard in shards.iterdir():
        memory.pipe_file(f"/bucket/set/{shard.name}", shard.read_bytes())
    on_disk = described(load_data(f"webdataset:{shards}"))
    for place in ("memory://bucket/set", "memory://bucket/set/*.tar"):
        dataset = load(place, streamed=False)  # in a store there is no other way
        assert described(dataset) == on_disk
    assert set(described(load("memory://bucket/set/coco-train-{000..001}.tar"))) < set(on_disk)
    records = dataset.records
    found = {records[number].name: content for number, content in dataset.stream(records)}
    assert found["coco-train-001.tar/0001.JPG"] == jpeg("green") and len(found) == len(records)
    assert all(dataset.fetch(record) == found[record.name] for record in records)


@S3
def test_a_real_s3_server_gives_what_the_disk_gives(shards, load, bucket):
    fs, address = bucket
    for shard in shards.iterdir():
        fs.put_file(str(shard), f"{address.removeprefix('s3://')}/{shard.name}")
    dataset = load(f"{address}/coco-train-{{000..001}}.tar")
    on_disk = load_data(f"webdataset:{shards}/coco-train-*.tar")
    assert described(dataset) == described(on_disk)
    found = dict(dataset.stream(dataset.records))
    assert found == {n: dataset.fetch(record) for n, record in enumerate(dataset.records)}
    with pytest.raises(ScaleError, match="it does not exist"):
        load(f"{address}/nothing.tar")
    with pytest.raises(ScaleError, match="bucket"):
        load("s3://there-is-no-such-bucket/nothing.tar")


def test_shards_are_gone_through_once_and_again_when_they_change(shards, load, monkeypatch):
    read = []

    def noted(shard, *more, **options):
        read.append(shard)
        return read_members(shard, *more, **options)

    monkeypatch.setattr(shard_index, "read_members", noted)
    first = load(shards)
    assert len(read) == 3
    assert described(load(shards)) == described(first) and len(read) == 3
    write_tar(shards / "coco-val-000.tar", {"a/1.webp": jpeg("white"), "a/1.txt": b"All white."})
    changed = load(shards)
    assert len(read) == 4 and changed.split("dev")[0].captions == ("All white.",)
    assert changed.fingerprint("train") == first.fingerprint("train")
    assert changed.fingerprint("dev") != first.fingerprint("dev")


def test_a_damaged_index_is_made_anew(shards, load, tmp_path):
    first = described(load(shards))
    for number, kept in enumerate(sorted((tmp_path / "index").iterdir())):
        content = [b"{", b"[]", json.dumps({"format": 1}).encode()][number]
        kept.write_bytes(content)
    assert described(load(shards)) == first


def test_a_photograph_that_cannot_be_read_is_known_beforehand(tmp_path, load):
    members = {"1.png": noise(1), "1.txt": b"One.", "2.png": noise(2)[:-60], "2.txt": b"Two."}
    dataset = load(write_tar(tmp_path / "train.tar", members))
    problems = [dataset.photograph(record).problem for record in dataset.records]
    assert problems[0] == "" and "train.tar/2.png is" in problems[1]


def test_of_two_members_of_one_name_the_later_one_is_meant(tmp_path, load):
    path = tmp_path / "train.tar"
    write_tar(path, {"1.jpg": jpeg("red"), "1.txt": b"Red."})
    with tarfile.open(path, "a") as tar:
        (tmp_path / "blue.jpg").write_bytes(jpeg("blue"))
        tar.add(tmp_path / "blue.jpg", "1.jpg")
    dataset = load(path)
    assert dict(dataset.stream(dataset.records)) == {0: jpeg("blue")}


@pytest.mark.parametrize("error", [OSError, None], ids=["an error", "a silent end"])
def test_a_stream_that_breaks_off_goes_on_behind_the_last_member(
    memory, monkeypatch, caplog, error
):
    members = {f"{n}.png": noise(n) for n in range(4)}
    memory.pipe_file("/a.tar", tar_of(members))
    line = Connection(monkeypatch, after=8000, times=3, error=error)
    monkeypatch.setattr("looksay.images.tar_streams.BLOCK_BYTES", 512)
    found = list(read_members("memory://a.tar", lambda name, place: 10**6))
    assert {member.name: member.content for member in found} == members
    assert len(found) == 4 and len(line.starts) == 4 and line.starts == sorted(line.starts)
    assert line.starts[-1] > 0 and "trying again" in caplog.text


def test_a_stream_that_stays_dead_is_a_sentence(memory, monkeypatch):
    memory.pipe_file("/a.tar", tar_of({"1.png": noise(1)}))
    line = Connection(monkeypatch, after=600, times=99)
    with pytest.raises(ScaleError, match=r"memory://a.tar cannot be read \(tried 3 times\): the l"):
        list(read_members("memory://a.tar", lambda name, place: 10**6))
    assert len(line.starts) == 3


@pytest.mark.parametrize("error", [OSError, None], ids=["an error", "a silent end"])
def test_a_photograph_whose_fetching_breaks_off_is_fetched_again(
    load, memory, monkeypatch, caplog, error
):
    memory.pipe_file("/train.tar", tar_of({"1.png": noise(1), "1.txt": b"One."}))
    (record,) = (dataset := load("memory://train.tar")).records
    line = Connection(monkeypatch, after=100, times=2, error=error, module=places)
    assert dataset.fetch(record) == noise(1)
    assert len(line.starts) == 3 and "trying again" in caplog.text
    line.times = 99
    with pytest.raises(ScaleError, match=r"memory://train.tar cannot be read \(tried 3 times\): "):
        dataset.fetch(record)
    assert len(line.starts) == 6


def test_a_shards_first_look_up_is_tried_again(load, memory, monkeypatch, caplog):
    memory.pipe_file("/train.tar", tar_of({"1.png": noise(1), "1.txt": b"One."}))
    asked = Questions(monkeypatch, memory, "info", times=2)
    assert len(load("memory://train.tar").records) == 1
    assert asked.paths[:3] == ["/train.tar"] * 3 and "trying again" in caplog.text
    asked = Questions(monkeypatch, memory, "info", times=99)
    with pytest.raises(ScaleError, match=r"memory://train.tar cannot be read \(tried 3 times\): "):
        load("memory://train.tar")
    assert len(asked.paths) == 3


def put_in_folders(memory) -> None:
    for folder in "ab":
        shard = tar_of({"1.png": noise(1), "1.txt": b"One."})
        memory.pipe_file(f"/set/{folder}/train.tar", shard)


def test_a_listing_that_breaks_off_is_tried_again(load, memory, monkeypatch, caplog):
    """fsspec would leave out the folder, or find nothing."""
    put_in_folders(memory)
    for place in ("memory://set/*/*.tar", "memory://set/**/t[qr]ain.tar", "memory://set/a"):
        Questions(monkeypatch, memory, "ls", times=2)
        assert len(load(place).records) == (1 if place.endswith("a") else 2)
    assert "trying again" in caplog.text
    asked = Questions(monkeypatch, memory, "ls", times=99)
    with pytest.raises(
        ScaleError, match=r"memory://set/\*/\*.tar cannot be read \(tried 3 times\): "
    ):
        load("memory://set/*/*.tar")
    assert len(asked.paths) == 3


def test_a_folder_that_must_not_be_listed_is_not_left_out_in_silence(load, memory, monkeypatch):
    put_in_folders(memory)
    listing = type(memory).ls

    def ls(fs, path, **options):
        if path.endswith("/b"):
            raise PermissionError("Access Denied")
        return listing(fs, path, **options)

    monkeypatch.setattr(type(memory), "ls", ls)
    with pytest.raises(ScaleError, match="cannot be read: access is denied"):
        load("memory://set/*/*.tar")


def test_a_pattern_of_nonsense_is_not_tried_again(load, memory):
    with pytest.raises(ScaleError, match=r"cannot be read: Invalid pattern"):
        load("memory://set/a**.tar")


class ParamValidationError(Exception):
    """As botocore names its own, for a bucket's impossible name."""


FINAL = [FileNotFoundError, PermissionError, IsADirectoryError, ParamValidationError]


@pytest.mark.parametrize("error", FINAL)
def test_what_cannot_get_better_is_not_tried_again(load, memory, monkeypatch, error):
    asked = Questions(monkeypatch, memory, "info", times=99, error=error)
    with pytest.raises(ScaleError, match=r"memory://train.tar cannot be read: "):
        load("memory://train.tar")
    assert asked.paths == ["/train.tar"]


def test_a_shard_that_changes_between_two_readings_is_told(shards, load):
    dataset = load(shards)
    write_tar(shards / "coco-train-001.tar", {"0001.JPG": jpeg("red")})
    with pytest.raises(DataError, match="train-001.tar has changed since its captions were read"):
        dict(dataset.stream(dataset.split("train")))
    (record,) = dataset.split("test")
    with pytest.raises(DataError, match="train-001.tar has changed since its captions were read"):
        dataset.fetch(record)


def test_flipped_bytes_are_a_sentence_or_no_matter(shards, load):
    whole, rng = (shards / "coco-train-000.tar").read_bytes(), np.random.default_rng(0)
    refused = 0
    for number in range(100):
        content = bytearray(whole)
        for place in rng.integers(0, len(whole), 20):
            content[place] = rng.integers(256)
        shard = shards / f"flipped-{number}.tar"
        shard.write_bytes(content)
        try:
            load(shard)
        except LooksayError as error:
            refused += "flipped" in str(error)
    assert refused > 15


@pytest.mark.parametrize("content", [b"", b"hello" * 300, b"cut", b"gz"])
def test_what_is_no_whole_tar_is_a_sentence(shards, load, content):
    shard = shards / "bad.tar"
    if content == b"cut":
        content = (shards / "coco-train-000.tar").read_bytes()[:2000]
    shard.write_bytes(content)
    if content == b"gz":
        with tarfile.open(shard, "w:gz") as tar:
            tar.add(shards / "coco-val-000.tar", "1.jpg")
    with pytest.raises(DataError, match="bad.tar cannot be read as a tar archive"):
        load(shard)


def test_a_tar_without_its_end_is_damaged(tmp_path):
    whole = tar_of({"1.jpg": jpeg("red"), "2.jpg": jpeg("red")})
    path = tmp_path / "1.tar"
    for end in (512 * 5, 512 * 3, 512 * 3 + 100):
        path.write_bytes(whole[:end].rstrip(b"\0") if end == 512 * 5 else whole[:end])
        with path.open("rb") as file, pytest.raises(tarfile.TarError):
            list(stream_tar(file))


def test_what_cannot_be_streamed_is_a_sentence(tmp_path, load, monkeypatch):
    with pytest.raises(UsageError, match="only shards can be streamed"):
        load_data(f"folder:{tmp_path}", streamed=True)
    with pytest.raises(DataError, match="nothing.tar does not exist"):
        load(tmp_path / "nothing.tar")
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'looksay\[stream\]'"):
        load("memory://bucket/a.tar")


def test_an_address_of_nothing_is_a_sentence(load, memory):
    with pytest.raises(DataError, match="There is no shard memory://bucket"):
        load("memory://bucket/*.tar")
    with pytest.raises(LooksayError, match="unknown"):
        load("unknown://bucket/a.tar")
