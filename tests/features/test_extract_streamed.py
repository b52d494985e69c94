"""A feature store filled from shards that are read in order."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from small_shards import Connection, noise, write_tar  # noqa: E402

from looksay.data import load_data  # noqa: E402
from looksay.errors import DataError, ScaleError  # noqa: E402
from looksay.features import extract_streamed as extracting  # noqa: E402
from looksay.features.compute import Loaded  # noqa: E402
from looksay.features.extract import extract_features  # noqa: E402
from looksay.features.extract_streamed import extract_streamed  # noqa: E402
from looksay.features.store import FeatureStore  # noqa: E402

VIEWS = ("plain", "mirror", "crop-center")
NUM = 9


def left_half(loaded: list[Loaded]) -> tuple[np.ndarray]:
    """Features (B, 2, 3) that tell views apart."""
    pixels = np.stack([one.pixels for one in loaded]).astype(np.float32)
    return (np.stack([pixels[:, :, :4].mean((1, 2)), pixels[:, :2].mean((1, 2))], 1),)


def store_in(folder: Path) -> FeatureStore:
    return FeatureStore(folder, {"grid": [1, 2], "feature_size": 3})


@pytest.fixture
def place(tmp_path) -> Path:
    """Three shards of three pictures; one is damaged, and one there twice."""
    for shard in range(3):
        members = {}
        for number in range(3 * shard, 3 * shard + 3):
            content = noise(number if number != 7 else 0)
            members[f"{number}.txt"] = b"Noise."
            members[f"{number}.png"] = content[:-60] if number == 4 else content
        write_tar(tmp_path / "shards" / f"train-{shard}.tar", members)
    return tmp_path / "shards"


@pytest.fixture
def dataset(place, tmp_path):
    return load_data(f"webdataset:{place}", streamed=True, index_folder=tmp_path / "index")


def test_a_store_from_a_stream_is_that_of_the_files(dataset, place, tmp_path):
    on_disk = load_data(f"webdataset:{place}")
    images = [record.image for record in on_disk.records]
    theirs, ours = store_in(tmp_path / "theirs"), store_in(tmp_path / "ours")
    expected = extract_features(theirs, images, VIEWS, left_half, image_size=8)
    done = extract_streamed(ours, dataset, dataset.records, VIEWS, left_half, image_size=8)
    assert done.problems == expected.problems and "train-1.tar/4.png" in done.problems[0]
    assert len(done.hashes) == NUM - 1 and list(done.hashes.values()) == list(
        expected.hashes.values()
    )
    keys = [(digest, view) for digest in done.hashes.values() for view in VIEWS]
    np.testing.assert_array_equal(ours.array()[ours.rows(keys)], theirs.array()[theirs.rows(keys)])
    assert len(ours) == 7 * 3  # of two that are the same once


def test_only_shards_with_something_missing_are_read(dataset, tmp_path, monkeypatch):
    store = store_in(tmp_path / "store")
    arguments = (store, dataset, dataset.records)
    extract_streamed(*arguments[:2], dataset.records[:3], VIEWS, left_half, image_size=8)
    line = Connection(monkeypatch, after=0, times=0)
    extract_streamed(*arguments, VIEWS, left_half, image_size=8)
    assert len(line.starts) == 2
    extract_streamed(*arguments, VIEWS, left_half, image_size=8)
    assert len(line.starts) == 2 and len(store) == 7 * 3


def test_what_was_computed_before_a_shard_died_is_kept(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("looksay.features.streaming.CHUNK", 1)
    store = store_in(tmp_path / "store")
    Connection(monkeypatch, after=600, times=99, spared=1)
    with pytest.raises(ScaleError, match=r"train-1.tar cannot be read \(tried 3 times\)"):
        extract_streamed(store, dataset, dataset.records, VIEWS, left_half, image_size=8)
    assert len(store) == 3 * 3
    monkeypatch.undo()
    again = store_in(tmp_path / "store")
    extract_streamed(again, dataset, dataset.records, VIEWS, left_half, image_size=8)
    assert len(again) == 7 * 3


def test_a_photograph_with_other_bytes_gets_no_features(dataset, tmp_path, monkeypatch):
    stream = type(dataset).stream
    monkeypatch.setattr(
        type(dataset), "stream", lambda *a: ((n, content + b"!") for n, content in stream(*a))
    )
    store = store_in(tmp_path / "store")
    with pytest.raises(DataError, match="train-0.tar/0.png has changed"):
        extract_streamed(store, dataset, dataset.records, VIEWS, left_half, image_size=8)
    assert len(store) == 0 and extracting.readable(dataset, dataset.records).hashes
