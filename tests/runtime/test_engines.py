"""Both engines compute what NumPy computes; what they cannot run is refused with a sentence."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from looksay.decoding import DecodingOptions, decode
from looksay.errors import BundleError, MissingExtraError, UsageError
from looksay.runtime import ENGINES, Bundle, GraphStepper, open_graph

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 3), np.uint8)


@pytest.fixture(params=ENGINES)
def engine(request) -> str:
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def reference(bundle_folder):
    from toy_bundle import NumpyStepper

    return NumpyStepper()


def test_the_backbone_agrees_with_numpy(bundle_folder, reference, engine):
    graph = open_graph(Bundle.open(bundle_folder).graph("backbone"), engine=engine, precision="f32")
    assert graph.inputs == ("images",) and graph.outputs == ("features",)
    for size in (7, 1, 3):
        features = graph({"images": IMAGES[:size]})["features"]
        assert features == pytest.approx(reference.backbone(IMAGES[:size]), abs=1e-5)


@pytest.mark.parametrize("throughput", [False, True])
def test_submitted_runs_give_each_its_own_result(bundle_folder, reference, engine, throughput):
    path = Bundle.open(bundle_folder).graph("backbone")
    graph = open_graph(path, engine=engine, precision="f32", throughput=throughput, threads=2)
    expected = reference.backbone(IMAGES)
    for _ in range(3):
        pending = [graph.submit({"images": IMAGES[i : i + 1]}) for i in range(7)]
        for i, run in enumerate(pending):
            assert run.result()["features"][0] == pytest.approx(expected[i], abs=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        DecodingOptions(method="greedy"),
        DecodingOptions(beam_size=4, num_captions=4),
        DecodingOptions(method="sample", num_captions=3, seed=0),
    ],
    ids=lambda options: options.method,
)
def test_captions_agree_with_numpy(bundle_folder, reference, engine, options):
    bundle = Bundle.open(bundle_folder)
    encode, step = (
        open_graph(bundle.graph(name), engine=engine, precision="f32")
        for name in ("encode", "step")
    )
    features = reference.backbone(IMAGES)
    mask = np.ones((7, 4), np.float32)
    mask[::2, 3] = 0
    for mask_BR in (None, mask):
        expected = decode(reference, features, options, mask_BR)
        for found, wanted in zip(
            decode(GraphStepper(encode, step), features, options, mask_BR), expected, strict=True
        ):
            assert [h.tokens for h in found] == [h.tokens for h in wanted]
            for hypothesis, twin in zip(found, wanted, strict=True):
                assert hypothesis.log_probs == pytest.approx(twin.log_probs, abs=1e-4)
                assert hypothesis.attention == pytest.approx(twin.attention, abs=1e-5)


def test_only_borrowed_outputs_change_with_the_next_call(bundle_folder):
    graph = open_graph(Bundle.open(bundle_folder).graph("backbone"))
    first = graph({"images": IMAGES})["features"]
    copy = first.copy()
    graph({"images": 255 - IMAGES})
    assert np.array_equal(first, copy)


def test_graphs_that_do_not_fit_are_refused(bundle_folder):
    bundle = Bundle.open(bundle_folder)
    encode, backbone = (open_graph(bundle.graph(name)) for name in ("encode", "backbone"))
    with pytest.raises(BundleError, match="do not fit together: images, attention, log_probs"):
        GraphStepper(encode, backbone)


def test_what_is_no_graph_is_refused(tmp_path, engine):
    path = tmp_path / "noise.onnx"
    path.write_bytes(b"noise" * 100)
    with pytest.raises(BundleError, match="noise.onnx is no graph"):
        open_graph(path, engine=engine)
    with pytest.raises(BundleError, match="nothing.onnx is no graph"):
        open_graph(tmp_path / "nothing.onnx", engine=engine)


def test_impossible_combinations_are_refused(bundle_folder):
    path = bundle_folder / "backbone.onnx"
    with pytest.raises(UsageError, match="'tvm' is unknown; use one of openvino, onnxruntime"):
        open_graph(path, engine="tvm")
    with pytest.raises(UsageError, match="'f16' is unknown"):
        open_graph(path, precision="f16")
    with pytest.raises(UsageError, match="0 threads"):
        open_graph(path, threads=0)
    with pytest.raises(UsageError, match="for bf16 use the engine openvino"):
        open_graph(path, engine="onnxruntime", precision="bf16")


def test_precision_is_definite(bundle_folder):
    path = bundle_folder / "backbone.onnx"
    assert open_graph(path, precision="f32").precision == "f32"
    assert open_graph(path).precision in ("f32", "bf16")
    bf16 = open_graph(path, precision="bf16")
    assert bf16.precision == "bf16"
    assert bf16({"images": IMAGES})["features"].dtype == np.float32


def test_a_missing_engine_is_told(bundle_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'looksay\[onnxruntime\]'"):
        open_graph(bundle_folder / "backbone.onnx", engine="onnxruntime")


def run_python(code: str, *arguments) -> list[str]:
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def test_openvino_runs_without_telemetry(bundle_folder):
    code = """
import sys
from looksay.runtime import open_graph
assert "openvino" not in sys.modules
open_graph(sys.argv[1])
assert "openvino" in sys.modules
print(*[name for name in sys.modules if "telemetry" in name or name.startswith("keras")])
import importlib.util
print(importlib.util.find_spec("openvino.tools.ovc") is not None)
"""
    assert run_python(code, bundle_folder / "backbone.onnx") == ["True"]
