"""The rows that workers compute equal those of one machine."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ray", reason="the extra ray")

from small_cluster import RAY_WARNINGS, draw  # noqa: E402

from looksay.features.backbone import Backbone  # noqa: E402
from looksay.features.compute import GridCompute  # noqa: E402
from looksay.features.extract import extract_features  # noqa: E402
from looksay.features.store import FeatureStore  # noqa: E402
from looksay.scale.cluster import connected  # noqa: E402
from looksay.scale.features import (  # noqa: E402
    FeatureWorker,
    _computed,
    _give_up,
    compute_on_ray,
    to_inputs,
)

pytestmark = RAY_WARNINGS

TOY = Backbone(
    name="toy",
    image_size=8,
    grid=(2, 2),
    feature_size=6,
    licence="CC0-1.0",
    preprocessing="none",
)
VIEWS = ("plain", "mirror")


def fill(folder, photos, bundle, **how):
    store = FeatureStore(folder, {"grid": [2, 2], "feature_size": 6})
    compute = GridCompute(bundle / "backbone.onnx", TOY)
    paths = sorted(photos.rglob("*.*"))
    return store, extract_features(store, paths, VIEWS, compute, image_size=8, **how)


def test_rows_equal_those_of_one_machine(cluster, bundle, photos, tmp_path):
    draw(photos, [f"many/{number}.png" for number in range(150)], seed=1)
    here, done_here = fill(tmp_path / "here", photos, bundle)
    with connected():
        there, done_there = fill(tmp_path / "there", photos, bundle, compute_all=compute_on_ray)
    assert done_there.hashes == done_here.hashes and len(here) == len(there) == 2 * 153
    assert len(done_there.problems) == 1 and "no-picture.jpg" in done_there.problems[0]
    keys = [(digest, view) for digest in done_here.hashes.values() for view in VIEWS]
    np.testing.assert_array_equal(here.array()[here.rows(keys)], there.array()[there.rows(keys)])


def test_regions_keep_their_boxes_on_the_way(photos):
    """A worker's answer, without Ray: two arrays of different shapes, and a problem between."""

    def compute(loaded):
        count = len(loaded)
        features = np.arange(count * 6, dtype=np.float32).reshape(count, 2, 3)
        return features, np.arange(count * 12, dtype=np.float32).reshape(count, 2, 6)

    names = ["a.png", "no-picture.jpg", "b.jpg"]
    keys = [(name, "plain") for name in names]
    inputs = to_inputs(keys, {key: photos / key[0] for key in keys})
    good, (features, boxes), bad = _computed(FeatureWorker(compute, 8)(inputs))
    assert good == [keys[0], keys[2]] and list(bad) == [keys[1]]
    assert features.shape == (2, 2, 3) and boxes.shape == (2, 2, 6)
    np.testing.assert_array_equal(boxes, compute([0, 0])[1])
    lost = _computed(_give_up(inputs))
    assert lost[:2] == ([], ()) and len(lost[2]) == 3
