"""Weights stored in half their size, and the names of a graph's ends."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from looksay.export.onnx_file import (  # noqa: E402
    halve_weights,
    is_halved,
    rename_ends,
    rounded,
    save,
)
from looksay.runtime import open_graph  # noqa: E402


@pytest.fixture
def kernel() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(32, 16)).astype(np.float32)


@pytest.fixture
def graph(kernel) -> onnx.ModelProto:
    """y = x kernel + bias."""
    weights = {"kernel": kernel, "bias": np.full(16, 1 / 3, np.float32)}
    nodes = [
        helper.make_node("MatMul", ["x", "kernel"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["y"]),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", size])
        for name, size in (("x", 32), ("y", 16))
    ]
    made = helper.make_graph(
        nodes, "g", ends[:1], ends[1:], [numpy_helper.from_array(w, n) for n, w in weights.items()]
    )
    opset = helper.make_opsetid("", 17)
    return helper.make_model(made, opset_imports=[opset], ir_version=8)


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_halved_weights_compute_with_rounded_values_in_float32(graph, kernel, engine, tmp_path):
    pytest.importorskip(engine)
    save(graph, tmp_path / "whole.onnx")
    halve_weights(graph)
    rename_ends(graph, {"x": "memory.x", "y": "carry.y.next"})
    save(graph, tmp_path / "half.onnx")
    found = open_graph(tmp_path / "half.onnx", engine=engine, precision="f32")
    assert found.inputs == ("memory.x",) and found.outputs == ("carry.y.next",)
    x = np.random.default_rng(1).normal(size=(5, 32)).astype(np.float32)
    y = found({"memory.x": x})["carry.y.next"]
    np.testing.assert_allclose(y, x @ rounded(kernel) + np.float32(1 / 3), atol=1e-5)
    assert np.abs(y - (x @ kernel + np.float32(1 / 3))).max() > 1e-4  # the rounding is real
    sizes = [(tmp_path / name).stat().st_size for name in ("half.onnx", "whole.onnx")]
    assert sizes[1] - sizes[0] > 32 * 16 * 2 - 200


def test_small_tensors_and_vectors_stay_exact(graph):
    halve_weights(graph)
    types = {tensor.name: tensor.data_type for tensor in graph.graph.initializer}
    assert types == {"kernel_half": TensorProto.FLOAT16, "bias": TensorProto.FLOAT}
    assert not is_halved(np.zeros((4, 4), np.float32))
    assert not is_halved(np.zeros((400, 4), np.int64))
    exact = np.full(1000, 1 / 3, np.float32)
    np.testing.assert_array_equal(rounded(exact), exact)


def test_the_same_graph_has_the_same_bytes(graph, tmp_path):
    save(graph, tmp_path / "a.onnx")
    save(graph, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
