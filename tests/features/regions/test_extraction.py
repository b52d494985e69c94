"""Regions go through the store like grids: each view, once, resumable; published ones too."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx")

from toy_detector import SIDE, write_toy_detector  # noqa: E402

from looksay.errors import FeatureError  # noqa: E402
from looksay.export.roi_align import write_roi_align  # noqa: E402
from looksay.features import extract  # noqa: E402
from looksay.features.compute import RegionCompute  # noqa: E402
from looksay.features.extract import extract_features  # noqa: E402
from looksay.features.regions import extract_published as published_module  # noqa: E402
from looksay.features.regions.extract_published import extract_published  # noqa: E402
from looksay.features.regions.published import PublishedRegions  # noqa: E402
from looksay.features.store import FeatureStore, content_hash  # noqa: E402
from looksay.runtime.regions import RegionSettings  # noqa: E402

REGIONS, SIZE = 12, 3
SETTINGS = RegionSettings(source="detector", max_regions=REGIONS, detector_size=SIDE)
IDENTITY = {"name": "toy", "grid": [2, 2], "feature_size": SIZE, "regions": SETTINGS.as_dict()}


def grid_compute(loaded):
    """Places (B, 4, 3): the mean colour of each quarter of the picture."""
    images = np.stack([one.pixels for one in loaded]).astype(np.float32)
    half = images.shape[1] // 2
    quarters = images.reshape(len(images), 2, half, 2, half, 3).mean((2, 4))
    return (quarters.reshape(-1, 4, 3),)


class Counting(RegionCompute):
    seen = 0
    fail_after = 10**9

    def __call__(self, loaded):
        self.seen += len(loaded)
        if self.seen > self.fail_after:
            raise KeyboardInterrupt
        return super().__call__(loaded)


@pytest.fixture
def photos(tmp_path):
    """Photographs of 64 x 64 in which one place of the detector's grid is white, each another."""
    paths = []
    for number in range(5):
        image = Image.new("RGB", (64, 64), (40 + number, 40, 40))
        left, top = 16 * (number % 4), 16 * (number // 4)
        image.paste((255, 255, 255), (left, top, left + 16, top + 16))
        paths.append(tmp_path / f"{number}.png")
        image.save(paths[-1])
    return paths


@pytest.fixture
def compute(tmp_path):
    detector = write_toy_detector(tmp_path / "detector.onnx")
    write_roi_align((2, 2), SIZE, tmp_path / "regions.onnx")
    return Counting(grid_compute, tmp_path / "regions.onnx", SETTINGS, detector)


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "store", IDENTITY)


def run(store, photos, compute, views=("plain", "mirror")):
    return extract_features(store, photos, views, compute, image_size=8)


def test_each_view_has_its_boxes_and_their_features(store, photos, compute):
    done = run(store, photos, compute)
    assert len(store) == 10 and not done.problems
    for number, path in enumerate(photos):
        plain, mirror = store.rows([(done.hashes[path], view) for view in ("plain", "mirror")])
        boxes, masks, features = store.boxes(), store.masks(), store.array()
        assert masks[plain].sum() == masks[mirror].sum() == 2  # what was found, and the whole
        x0 = max(16 * (number % 4) - 8, 0) / 64  # the detector says twice the place's size
        assert boxes[plain, 0, 0] == pytest.approx(x0, abs=1e-6)
        np.testing.assert_allclose(boxes[mirror, 0, 2], 1 - boxes[plain, 0, 0], atol=1e-6)
        np.testing.assert_array_equal(boxes[mirror, 1, :4], [0, 0, 1, 1])
        # a region and its mirror image show the same
        np.testing.assert_allclose(
            features[plain].astype(float), features[mirror].astype(float), rtol=0.02, atol=0.5
        )
        assert (features[plain, 2:] == 0).all() and features[plain, 0].max() > 40


def test_what_is_there_is_not_done_again(store, photos, compute):
    run(store, photos[:2], compute)
    run(store, photos, compute)
    run(store, photos, compute)
    assert compute.seen == len(store) == 10


def test_after_an_interrupt_only_the_rest_is_computed(store, photos, compute, monkeypatch):
    monkeypatch.setattr(extract, "CHUNK", 3)
    compute.fail_after = 6
    with pytest.raises(KeyboardInterrupt):
        run(store, photos, compute)
    again = FeatureStore(store.folder, IDENTITY)
    assert len(again) == 6
    compute.seen, compute.fail_after = 0, 10**9
    run(again, photos, compute)
    assert compute.seen == 4 and len(again) == 10 == len(again.boxes())


class Published:
    """Features of the pictures 0 to 3, `fail_at` in the middle."""

    feature_size = SIZE

    def __init__(self, fail_at=None, regions=2):
        self.fail_at, self.regions, self.read_ids = fail_at, regions, []

    def identity(self):
        return {}

    def read(self, wanted):
        for name in ("0", "1", "2", "3"):
            if name == self.fail_at:
                raise FeatureError("cut short")
            if name in wanted:
                self.read_ids.append(name)
                boxes = np.tile(np.float32([0, 0, 1, 1, 0, -1]), (self.regions, 1))
                features = np.full((self.regions, SIZE), int(name), np.float32)
                yield PublishedRegions(name, boxes, features)


def test_published_features_are_copied_once(store, photos):
    source = Published()
    done = extract_published(store, photos, source)
    assert set(done.hashes) == set(photos[:4])
    assert len(done.problems) == 1 and "4.png: the published features have none" in done.problems[0]
    rows = store.rows([(content_hash(path), "plain") for path in photos[:4]])
    np.testing.assert_array_equal(store.array()[rows][:, 0, 0], [0, 1, 2, 3])
    np.testing.assert_array_equal(store.masks()[rows].sum(1), [2, 2, 2, 2])
    extract_published(store, photos, source)
    assert source.read_ids == ["0", "1", "2", "3"]


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_what_was_read_before_an_error_is_kept(store, photos, monkeypatch, chunk):
    monkeypatch.setattr(published_module, "CHUNK", chunk)
    with pytest.raises(FeatureError, match="cut short"):
        extract_published(store, photos, Published(fail_at="3"))
    assert len(store) == 3
    again = Published()
    extract_published(FeatureStore(store.folder, IDENTITY), photos, again)
    assert again.read_ids == ["3"]


def test_more_regions_than_a_row_holds_are_cut(store, photos):
    extract_published(store, photos[:1], Published(regions=50))
    assert store.masks().sum() == REGIONS
