"""The store keeps rows that count, through every way of being interrupted."""

from __future__ import annotations

import errno
import shutil

import numpy as np
import pytest

from looksay.errors import FeatureError
from looksay.features import store as store_module
from looksay.features.store import FeatureStore

IDENTITY = {"name": "toy", "weights": "abc", "grid": [2, 2], "feature_size": 3}


def row(value: float) -> np.ndarray:
    return np.full((1, 4, 3), value, np.float32)


def filled(folder) -> FeatureStore:
    store = FeatureStore(folder, IDENTITY)
    for number in range(3):
        store.append([(f"{number:064x}", "plain")], row(number))
    return store


def test_rows_come_back_after_reopening(tmp_path):
    filled(tmp_path)
    store = FeatureStore(tmp_path, IDENTITY)
    rows = store.rows([(f"{2:064x}", "plain"), (f"{0:064x}", "plain")])
    np.testing.assert_array_equal(store.array()[rows][:, 0, 0], [2, 0])
    assert store.array().dtype == np.float16


@pytest.mark.parametrize("tail", [b"\x00" * 7, b"\x01" * 24, b"\x01" * 100])
def test_values_without_their_line_are_cut_off(tmp_path, tail):
    filled(tmp_path)
    with (tmp_path / "features.f16").open("ab") as file:
        file.write(tail)
    store = FeatureStore(tmp_path, IDENTITY)
    store.append([("f" * 64, "plain")], row(9))
    reopened = FeatureStore(tmp_path, IDENTITY)
    assert len(reopened) == 4
    np.testing.assert_array_equal(reopened.array()[:, 0, 0], [0, 1, 2, 9])


def test_a_torn_line_of_the_index_does_not_count(tmp_path):
    filled(tmp_path)
    index = tmp_path / "index.txt"
    index.write_bytes(index.read_bytes()[:-10])
    store = FeatureStore(tmp_path, IDENTITY)
    assert len(store) == 2
    assert store.missing([(f"{2:064x}", "plain")]) == [(f"{2:064x}", "plain")]
    assert (tmp_path / "features.f16").stat().st_size == 2 * 24


def test_lost_values_are_an_error(tmp_path):
    filled(tmp_path)
    features = tmp_path / "features.f16"
    features.write_bytes(features.read_bytes()[:30])
    with pytest.raises(FeatureError, match="damaged"):
        FeatureStore(tmp_path, IDENTITY)


def test_features_of_something_else_are_refused_by_name(tmp_path):
    filled(tmp_path)
    with pytest.raises(FeatureError, match="other weights"):
        FeatureStore(tmp_path, {**IDENTITY, "weights": "def"})


def test_a_picture_without_features_is_an_error(tmp_path):
    with pytest.raises(FeatureError, match="mirror"):
        filled(tmp_path).rows([(f"{0:064x}", "mirror")])


def test_a_disk_too_small_is_said_before_the_work(tmp_path, monkeypatch):
    store = FeatureStore(tmp_path, IDENTITY)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 90, 10))
    assert store.disk_need(10) == 240
    with pytest.raises(FeatureError, match="free some space"):
        store.check_space(10)


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe plain\n", b"no such line\n", b"\n", b"0 plain\n" * 2]
)
def test_a_damaged_index_is_a_sentence(tmp_path, damage):
    filled(tmp_path)
    with (tmp_path / "index.txt").open("ab") as file:
        file.write(damage)
    with pytest.raises(FeatureError, match="damaged"):
        FeatureStore(tmp_path, IDENTITY)


@pytest.mark.parametrize("text", ["{", "[]", '"text"', ""])
def test_a_damaged_identity_is_a_sentence(tmp_path, text):
    filled(tmp_path)
    (tmp_path / "store.json").write_text(text)
    with pytest.raises(FeatureError, match="store.json is damaged; delete"):
        FeatureStore(tmp_path, IDENTITY)


def test_a_file_where_the_folder_should_be_is_a_sentence(tmp_path):
    (tmp_path / "store").write_text("here")
    with pytest.raises(FeatureError, match="store: cannot keep features"):
        FeatureStore(tmp_path / "store", IDENTITY)


@pytest.mark.parametrize("writes_before_full", [0, 1])
def test_a_full_disk_is_a_sentence_and_the_same_store_goes_on(
    tmp_path, monkeypatch, writes_before_full
):
    """What a failed write left must neither count nor shift the rows that come after it."""
    store, sync, writes = filled(tmp_path), store_module._sync, []

    def full(file):
        sync(file)
        writes.append(file)
        if len(writes) > writes_before_full:
            if writes_before_full:  # the index's line got torn
                file.truncate(file.tell() - 3)
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(store_module, "_sync", full)
        with pytest.raises(FeatureError, match="No space left on device.*goes on"):
            store.append([("f" * 64, "plain")], row(7))
    assert len(store) == 3
    store.append([("f" * 64, "plain")], row(9))
    for found in (store, FeatureStore(tmp_path, IDENTITY)):
        np.testing.assert_array_equal(found.array()[:, 0, 0], [0, 1, 2, 9])
