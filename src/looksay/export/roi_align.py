"""The graph that cuts regions out of a backbone's grid: RoI-align (He et al. 2017,
https://arxiv.org/abs/1703.06870, section 3), then the mean over each region.

RoI-align reads the grid, bilinear between its places, at evenly spaced points of a box. A point's
weights over the places are those over rows times those over columns, and so is their mean over the
points: each region is one row of a matrix product with the grid. ONNX's RoiAlign, with as many
cells as places and two points a cell's side, then ReduceMean, computes the same, far more slowly.

B pictures, P places of the grid (R rows, C columns), N boxes of a picture, D feature size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from looksay.export.onnx_file import save

OPSET = 17
IR_VERSION = 8
POINTS = 2  # a place's side has so many points in a box of the whole picture


def roi_align_graph(grid: tuple[int, int], feature_size: int) -> ModelProto:
    """`features` (B, P, D) and `boxes` (B, N, 4) -> `regions` (B, N, D), all float32.

    boxes: x0, y0, x1, y1 as shares of the picture. The features of a box without area are zeros.
    A place's value stands in its middle (`half_pixel`), and is even from there to the border.
    """
    rows, columns = grid
    nodes = [
        _node("Split", ["boxes", "one_each"], "x0", "y0", "x1", "y1", axis=2),
        *_weights("y", "row"),  # (B, N, R)
        *_weights("x", "column"),  # (B, N, C)
        _node("Unsqueeze", ["row_weights", "last"], "down"),
        _node("Unsqueeze", ["column_weights", "second"], "across"),
        _node("Mul", ["down", "across"], "weights_RC"),
        _node("Reshape", ["weights_RC", "flat"], "weights_P"),
        # padding has no width
        _node("Greater", ["x1", "x0"], "exists"),
        _node("Cast", ["exists"], "mask", to=TensorProto.FLOAT),
        _node("Mul", ["weights_P", "mask"], "weights"),
        _node("MatMul", ["weights", "features"], "regions"),
    ]
    constants = {
        "one_each": np.array([1, 1, 1, 1]),
        "last": np.array([3]),
        "second": np.array([2]),
        "flat": np.array([0, 0, rows * columns]),
        "half": np.float32(0.5),
        "zero": np.float32(0),
        "one": np.float32(1),
        **_constants("row", rows),
        **_constants("column", columns),
    }
    graph = helper.make_graph(
        nodes,
        "regions",
        [
            _end("features", ["pictures", rows * columns, feature_size]),
            _end("boxes", ["pictures", "boxes", 4]),
        ],
        [_end("regions", ["pictures", "boxes", feature_size])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def write_roi_align(grid: tuple[int, int], feature_size: int, path: Path) -> None:
    """Write the graph of `roi_align_graph` to `path`."""
    save(roi_align_graph(grid, feature_size), path)


def _weights(axis: str, kind: str) -> list[NodeProto]:
    """The mean weight of each row (or column) over a box's points: (B, N, rows)."""
    low, high = f"{axis}0", f"{axis}1"
    return [
        # the points as shares of the picture (B, N, S), then in places
        _node("Sub", [high, low], f"{kind}_side"),
        _node("Mul", [f"{kind}_side", f"{kind}_points"], f"{kind}_inside"),
        _node("Add", [low, f"{kind}_inside"], f"{kind}_shares"),
        _node("Mul", [f"{kind}_shares", f"{kind}_count"], f"{kind}_scaled"),
        _node("Sub", [f"{kind}_scaled", "half"], f"{kind}_shifted"),
        _node("Clip", [f"{kind}_shifted", "zero", f"{kind}_most"], f"{kind}_clipped"),
        # bilinear: 1 at the place itself, falling to 0 at its neighbours
        _node("Unsqueeze", [f"{kind}_clipped", "last"], f"{kind}_column"),
        _node("Sub", [f"{kind}_column", f"{kind}_numbers"], f"{kind}_distance"),
        _node("Abs", [f"{kind}_distance"], f"{kind}_away"),
        _node("Sub", ["one", f"{kind}_away"], f"{kind}_near"),
        _node("Relu", [f"{kind}_near"], f"{kind}_weight"),
        _node("ReduceMean", [f"{kind}_weight"], f"{kind}_weights", axes=[2], keepdims=0),
    ]


def _constants(kind: str, count: int) -> dict[str, np.ndarray]:
    points = POINTS * count
    values = {
        "points": (np.arange(points) + 0.5) / points,
        "count": np.array(count),
        "most": np.array(count - 1),
        "numbers": np.arange(count),
    }
    return {f"{kind}_{name}": value.astype(np.float32) for name, value in values.items()}


def _node(kind: str, inputs: list[str], *outputs: str, **attributes: Any) -> NodeProto:
    return helper.make_node(kind, inputs, list(outputs), **attributes)


def _end(name: str, shape: list[int | str]) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
