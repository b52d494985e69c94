"""A hand-built detector of YOLOX's layout: a picture of 32 pixels, 21 anchors, two classes.

It looks: an anchor of the finest grid is sure of class 1 where its place of 8 x 8 pixels is white,
and says that a box of 16 x 16 pixels is centred there. All other anchors are silent.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE, ANCHORS, CLASSES = 32, 16 + 4 + 1, 2


def write_toy_detector(path: Path) -> Path:
    """Write the detector's ONNX file."""
    # brightness of a place over 200 levels becomes its objectness, from 0 to 1
    nodes = [
        helper.make_node(
            "AveragePool", ["pictures"], ["places"],
            kernel_shape=[8, 8], strides=[8, 8],
        ),
        helper.make_node("ReduceMean", ["places"], ["grey"], axes=[1], keepdims=0),
        helper.make_node("Reshape", ["grey", "column"], ["levels"]),
        helper.make_node("Sub", ["levels", "dark"], ["above"]),
        helper.make_node("Div", ["above", "range"], ["share"]),
        helper.make_node("Clip", ["share", "zero", "one"], ["sure"]),
        helper.make_node("Concat", ["sure", "silent"], ["objectness"], axis=1),
        helper.make_node("Concat", ["boxes", "objectness", "classes"], ["output"], axis=2),
    ]  # fmt: skip
    boxes = np.zeros((1, ANCHORS, 4), np.float32)
    boxes[..., :2] = 0.5  # the middle of the place
    boxes[..., 2:] = np.log(2)  # two strides wide and high
    classes = np.zeros((1, ANCHORS, CLASSES), np.float32)
    classes[..., 1] = 1
    constants = {
        "column": np.array([1, 16, 1]),
        "dark": np.float32(200),
        "range": np.float32(55),
        "zero": np.float32(0),
        "one": np.float32(1),
        "silent": np.zeros((1, ANCHORS - 16, 1), np.float32),
        "boxes": boxes,
        "classes": classes,
    }
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, ANCHORS, 5 + CLASSES])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
