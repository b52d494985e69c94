"""Writes an ONNX model small and named as looksay names its graphs' ends.

Weights of two or more dimensions are stored as float16 and cast up where they are used; OpenVINO
and ONNX Runtime fold the cast when they load the graph, so that the arithmetic stays float32.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from looksay.files import replace_file

# smaller tensors stay float32: they cost nothing, and biases and statistics keep their precision
MINIMUM_HALVED = 256


def is_halved(array: np.ndarray) -> bool:
    """Whether a weight is stored as float16 in a bundle."""
    return array.ndim >= 2 and array.size >= MINIMUM_HALVED and array.dtype == np.float32


def rounded(array: np.ndarray) -> np.ndarray:
    """The values that a weight has after it has been stored in a bundle, as float32."""
    return array.astype(np.float16).astype(np.float32) if is_halved(array) else array


def halve_weights(model: onnx.ModelProto) -> None:
    """Store the large float32 initialisers as float16, each followed by a Cast to float32."""
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        if not is_halved(array):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), f"{name}_half"))
        casts.append(
            helper.make_node(
                "Cast", [f"{name}_half"], [name], f"{name}_up", to=onnx.TensorProto.FLOAT
            )
        )
    for node in reversed(casts):  # before the nodes that use them
        graph.node.insert(0, node)


def rename_ends(model: onnx.ModelProto, names: dict[str, str]) -> None:
    """Rename graph inputs and outputs; their nodes follow."""
    graph = model.graph
    for value in (*graph.input, *graph.output):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def save(model: onnx.ModelProto, path: Path) -> None:
    """Check the model and write it, without the converter's chatter in it."""
    model.doc_string = ""
    onnx.checker.check_model(model)
    replace_file(path, model.SerializeToString(deterministic=True))
