"""The end of a run scores its graphs and learns how sure their captions may be."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

for _module in ("keras", "h5py"):
    pytest.importorskip(_module)
pytest.importorskip("onnx")
sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture(scope="module")
def graphs(tmp_path_factory) -> Path:
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path_factory.mktemp("graphs") / "toy")


def run_of(graphs: Path, num_pictures: int) -> SimpleNamespace:
    """What the end of a run reads of it: features, and captions of which half quote the toy."""
    from toy_bundle import FEATURES, ROWS

    from looksay.data import Record
    from looksay.decoding import decode
    from looksay.runtime import Bundle, GraphStepper, open_graph
    from looksay.training.feature_options import FeatureOptions
    from looksay.training.prepared import Split

    bundle = Bundle.open(graphs)
    stepper = GraphStepper(*(open_graph(bundle.graph(name)) for name in ("encode", "step")))
    rng = np.random.default_rng(0)
    features_NRD = rng.normal(size=(num_pictures, ROWS**2, FEATURES)).astype(np.float32)
    found = decode(stepper, features_NRD, bundle.decoding)
    texts = [bundle.vocabulary.join(bundle.vocabulary.decode(h[0].tokens)) for h in found]
    records = tuple(
        Record(Path(f"{n}.jpg"), (text, text) if n % 2 else (f"thing {n}", f"thing {n}"), "dev")
        for n, text in enumerate(texts)
    )
    split = Split(records=records, rows=np.arange(num_pictures)[:, None])
    store = SimpleNamespace(array=lambda: features_NRD, masks=lambda: None)
    return SimpleNamespace(
        features=SimpleNamespace(splits={"dev": split}, store=store),
        recipe=SimpleNamespace(decoding=bundle.decoding, features=FeatureOptions()),
        words=SimpleNamespace(vocabulary=bundle.vocabulary),
    )


def test_confidence_is_learnt_where_dev_is_large_enough(graphs):
    from looksay.training.finish import _score_graphs

    run = run_of(graphs, 80)
    scores, confidence = _score_graphs(run, graphs, None)
    assert scores["CIDEr-D"] > 0
    assert confidence.calibration["captions"] == 80
    assert confidence.applies(run.recipe.decoding)
    assert confidence.decoding == run.recipe.decoding  # one caption each, not all that were found


def test_a_small_dev_is_scored_and_the_log_says_why_there_is_no_confidence(graphs, caplog):
    from looksay.training.finish import _score_graphs

    with caplog.at_level(logging.INFO, "looksay"):
        scores, confidence = _score_graphs(run_of(graphs, 20), graphs, None)
    assert confidence is None and scores["CIDEr-D"] > 0
    assert "tells no confidence of its captions: the split 'dev' has 20" in caplog.text


def test_features_that_were_kept_in_bf16_are_computed_anew_for_the_scores(graphs, monkeypatch):
    from looksay.training import finish
    from looksay.training.feature_options import FeatureOptions

    run = run_of(graphs, 20)
    expected, _ = finish._score_graphs(run, graphs, None)
    seen = run.features.store.array()
    run.features.store.array = lambda: np.zeros_like(seen)
    run.recipe.features = FeatureOptions(precision="bf16")
    run.features.source = SimpleNamespace(seen=None)
    parts = [(list(range(12, 20)), seen[12:]), (list(range(12)), seen[:12])]  # in any order
    monkeypatch.setattr(finish, "see_photographs", lambda features, split, backbone: parts)
    assert finish._score_graphs(run, graphs, graphs / "backbone.onnx")[0] == expected
