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


def test_values_before_the_first_line_are_cut_off(tmp_path):
    FeatureStore(tmp_path, IDENTITY)
    (tmp_path / "features.f16").write_bytes(b"\x01" * 24)
    store = FeatureStore(tmp_path, IDENTITY)
    store.append([("f" * 64, "plain")], row(9))
    np.testing.assert_array_equal(FeatureStore(tmp_path, IDENTITY).array()[:, 0, 0], [9])


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
    with store.writing():
        pass
    assert (tmp_path / "features.f16").stat().st_size == 2 * 24


def test_a_reader_cuts_off_nothing_of_what_a_writer_is_about_to_make_count(tmp_path):
    filled(tmp_path)
    with (tmp_path / "features.f16").open("ab") as file:
        file.write(bytes(24))
    with (tmp_path / "index.txt").open("ab") as file:
        file.write(b"f" * 30)
    sizes = [path.stat().st_size for path in sorted(tmp_path.iterdir())]
    store = FeatureStore(tmp_path, IDENTITY)
    assert len(store) == 3 and store.array().shape == (3, 4, 3)
    assert [path.stat().st_size for path in sorted(tmp_path.iterdir())] == sizes


def test_rows_that_another_has_added_meanwhile_are_taken_in(tmp_path):
    ours, theirs = filled(tmp_path), FeatureStore(tmp_path, IDENTITY)
    theirs.append([("f" * 64, "plain")], row(9))
    assert ("f" * 64, "plain") not in ours
    keys = [("e" * 64, "plain"), ("f" * 64, "plain")]
    ours.append(keys, np.concatenate([row(8), row(9)]))
    np.testing.assert_array_equal(ours.array()[:, 0, 0], [0, 1, 2, 9, 8])
    np.testing.assert_array_equal(ours.rows(keys), [4, 3])


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


REGIONS = {**IDENTITY, "regions": {"source": "detector", "max_regions": 4}}


def regions(value: float, count: int) -> np.ndarray:
    """Boxes (1, 4, 6) of which so many are regions."""
    boxes = np.zeros((1, 4, 6), np.float32)
    boxes[0, :count] = [0, 0, 0.5, 1, value / 10, value]
    return boxes


def filled_with_regions(folder) -> FeatureStore:
    store = FeatureStore(folder, REGIONS)
    for number in range(3):
        store.append([(f"{number:064x}", "plain")], row(number), regions(number, number + 1))
    return store


def test_regions_come_back_with_their_boxes(tmp_path):
    filled_with_regions(tmp_path)
    store = FeatureStore(tmp_path, REGIONS)
    np.testing.assert_array_equal(store.array()[:, 0, 0], [0, 1, 2])
    np.testing.assert_array_equal(store.boxes()[:, 0, 5], [0, 1, 2])
    np.testing.assert_array_equal(store.masks().sum(1), [1, 2, 3])
    assert store.disk_need(1) == 24 + 4 * 6 * 4
    empty = FeatureStore(tmp_path / "new", REGIONS)
    assert empty.boxes().shape == (0, 4, 6) and empty.masks().shape == (0, 4)


def test_a_grid_has_no_boxes_and_no_mask(tmp_path):
    store = filled(tmp_path)
    assert store.boxes() is None and store.masks() is None
    assert not (tmp_path / "boxes.f32").exists()


@pytest.mark.parametrize("name", ["features.f16", "boxes.f32"])
@pytest.mark.parametrize("tail", [5, 24, 200])
def test_either_file_is_cut_to_the_rows_that_count(tmp_path, name, tail):
    """As a run leaves them that was killed between the two, or before the index's line."""
    filled_with_regions(tmp_path)
    with (tmp_path / name).open("ab") as file:
        file.write(b"\x01" * tail)
    store = FeatureStore(tmp_path, REGIONS)
    store.append([("f" * 64, "plain")], row(9), regions(9, 4))
    reopened = FeatureStore(tmp_path, REGIONS)
    np.testing.assert_array_equal(reopened.array()[:, 0, 0], [0, 1, 2, 9])
    np.testing.assert_array_equal(reopened.boxes()[:, 0, 5], [0, 1, 2, 9])


def test_lost_boxes_are_an_error(tmp_path):
    filled_with_regions(tmp_path)
    (tmp_path / "boxes.f32").unlink()
    with pytest.raises(FeatureError, match="damaged"):
        FeatureStore(tmp_path, REGIONS)


def test_regions_without_boxes_cannot_be_added(tmp_path):
    with pytest.raises(ValueError):
        filled_with_regions(tmp_path).append([("f" * 64, "plain")], row(9))


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (IDENTITY, REGIONS, "holds features of a grid.*asks for features of regions"),
        (REGIONS, IDENTITY, "holds features of regions.*asks for features of a grid"),
        (REGIONS, {**REGIONS, "regions": {"max_regions": 5}}, "other regions"),
    ],
)
def test_a_grid_is_no_store_of_regions(tmp_path, first, second, words):
    FeatureStore(tmp_path, first)
    with pytest.raises(FeatureError, match=words):
        FeatureStore(tmp_path, second)
