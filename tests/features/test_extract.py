"""Extraction: every picture once, resumable, bad pictures named."""

from __future__ import annotations

import numpy as np
import pytest

from looksay.errors import FeatureError
from looksay.features import extract
from looksay.features.extract import extract_features
from looksay.features.store import FeatureStore, content_hash
from looksay.features.views import apply_view
from looksay.images import load_square


class Compute:
    """Features (B, 2, 3) that tell the picture: the means of its halves' colours."""

    def __init__(self, fail_after=10**9):
        self.seen, self.fail_after = 0, fail_after

    def __call__(self, loaded):
        return (self.features(np.stack([one.pixels for one in loaded])),)

    def features(self, images):
        self.seen += len(images)
        if self.seen > self.fail_after:
            raise KeyboardInterrupt
        left, right = images[:, :, :4].mean((1, 2)), images[:, :, 4:].mean((1, 2))
        return np.stack([left, right], 1).astype(np.float32)


@pytest.fixture
def store(tmp_path, identity):
    return FeatureStore(tmp_path / "store", identity)


def run(store, photos, compute, views=("plain", "mirror")):
    return extract_features(store, photos, views, compute, image_size=8)


def test_each_picture_has_the_features_of_each_view(store, photos):
    done = run(store, photos, Compute())
    for path in photos:
        for view in ("plain", "mirror"):
            row = store.rows([(done.hashes[path], view)])[0]
            expected = Compute().features(apply_view(load_square(path, 8), view)[None])[0]
            np.testing.assert_array_equal(store.array()[row], expected.astype(np.float16))


def test_what_is_there_is_not_done_again(store, photos):
    compute = Compute()
    run(store, photos[:2], compute)
    run(store, photos, compute)
    run(store, photos, compute)
    assert compute.seen == len(store) == 10


def test_after_an_interrupt_only_the_rest_is_computed(store, photos, monkeypatch, identity):
    monkeypatch.setattr(extract, "CHUNK", 3)
    with pytest.raises(KeyboardInterrupt):
        run(store, photos, Compute(fail_after=6))
    compute, again = Compute(), FeatureStore(store.folder, identity)
    assert len(again) == 6
    run(again, photos, compute)
    assert compute.seen == 4 and len(again) == 10


def test_a_picture_that_changes_meanwhile_gets_no_features_of_another(store, photos):
    """The first of them while it is computed, the last before it is read."""
    others = [path.read_bytes() for path in photos]

    class Changing(Compute):
        def __call__(self, loaded):
            photos[0].write_bytes(others[1] + b"more")
            return super().__call__(loaded)

    def hashes_then_change(paths):
        found = hash_all(paths)
        photos[4].write_bytes(others[2] + b"more")
        return found

    hash_all = extract.hash_all
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extract, "hash_all", hashes_then_change)
        done = run(store, photos, Changing())
    assert done.problems == [
        f"{photos[number]} has changed in the meantime and was left out; run again"
        for number in (0, 4)
    ]
    assert set(done.hashes) == set(photos[1:4]) and len(store) == 6
    again = run(store, photos, Compute())
    assert not again.problems and len(store) == 10
    for path in photos:
        expected = Compute().features(load_square(path, 8)[None])[0].astype(np.float16)
        row = store.rows([(again.hashes[path], "plain")])[0]
        np.testing.assert_array_equal(store.array()[row], expected)


def test_the_same_picture_under_two_names_is_computed_once(store, photos, tmp_path):
    copy = tmp_path / "copy.png"
    copy.write_bytes(photos[0].read_bytes())
    compute = Compute()
    done = run(store, [photos[0], copy, photos[0]], compute, views=("plain",))
    assert compute.seen == 1 and done.hashes[copy] == content_hash(photos[0])


def test_bad_pictures_are_reported_and_left_out(store, photos, tmp_path):
    photos[1].write_bytes(b"no picture")
    missing = tmp_path / "missing.png"
    done = run(store, [*photos, missing], Compute())
    assert set(done.hashes) == {photos[0], *photos[2:]}
    assert len(done.problems) == 2
    assert any(str(photos[1]) in problem for problem in done.problems)
    assert any(str(missing) in problem for problem in done.problems)
    assert len(store) == 8


def test_a_bad_picture_under_two_names_leaves_both_out(store, photos, tmp_path):
    for name in ("bad1.png", "bad2.png"):
        (tmp_path / name).write_bytes(b"no picture")
    bad = [tmp_path / "bad1.png", tmp_path / "bad2.png"]
    done = run(store, [photos[0], *bad], Compute())
    assert set(done.hashes) == {photos[0]}


def test_nothing_but_bad_pictures_computes_nothing(store, photos):
    photos[0].write_bytes(b"no picture")
    done = run(store, photos[:1], Compute())
    assert not done.hashes and len(store) == 0


def test_a_small_disk_is_said_before_any_work(store, photos, monkeypatch):
    def no_room(num_rows):
        raise FeatureError(f"no room for {num_rows}")

    compute = Compute()
    monkeypatch.setattr(store, "check_space", no_room)
    with pytest.raises(FeatureError, match="no room for 10"):
        run(store, photos, compute)
    assert compute.seen == 0
