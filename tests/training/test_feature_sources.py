"""Features of one precision never stand in for those of another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras")
pytest.importorskip("onnx")

from looksay.features.backbone import Backbone  # noqa: E402
from looksay.features.compute import GridCompute, Loaded  # noqa: E402
from looksay.training.feature_options import FeatureOptions  # noqa: E402
from looksay.training.feature_sources import folder_name, open_source  # noqa: E402


def test_each_precision_has_a_store_of_its_own():
    f32, bf16 = (open_source(FeatureOptions(precision=name)) for name in ("f32", "bf16"))
    assert "precision" not in f32.identity()  # as in stores that are there already
    assert bf16.identity() == {**f32.identity(), "precision": "bf16"}
    assert folder_name(bf16) == f"{folder_name(f32)}-bf16"


def test_the_backbone_computes_in_the_precision_asked_for(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    from toy_bundle import write_toy_bundle

    graph = write_toy_bundle(tmp_path / "toy") / "backbone.onnx"
    backbone = Backbone(
        name="toy", image_size=8, grid=(2, 2), feature_size=6, licence="", preprocessing=""
    )
    pixels = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)
    loaded = [Loaded(Path("a.png"), "plain", one) for one in pixels]
    computes = [GridCompute(graph, backbone, name) for name in ("f32", "bf16")]
    exact, fast = (compute(loaded)[0] for compute in computes)
    assert exact.shape == (5, 4, 6)
    assert [compute._graph.precision for compute in computes] == ["f32", "bf16"]
    np.testing.assert_allclose(fast, exact, atol=0.1)
