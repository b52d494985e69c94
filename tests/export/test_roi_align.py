"""RoI-align: both engines compute what the plain definition says."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from looksay.export.roi_align import POINTS, write_roi_align  # noqa: E402
from looksay.runtime import ENGINES, open_graph  # noqa: E402

GRID, SIZE = (4, 6), 5


def bilinear(maps_RCD: np.ndarray, y: float, x: float) -> np.ndarray:
    """The grid at a point, a place's value in its middle, and even beyond the outer middles."""
    rows, columns, _ = maps_RCD.shape
    y, x = (min(max(v - 0.5, 0.0), n - 1.0) for v, n in ((y, rows), (x, columns)))
    top, left = int(y), int(x)
    down, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
    dy, dx = y - top, x - left
    upper = (1 - dx) * maps_RCD[top, left] + dx * maps_RCD[top, right]
    lower = (1 - dx) * maps_RCD[down, left] + dx * maps_RCD[down, right]
    return (1 - dy) * upper + dy * lower


def plain_roi_mean(features_PD: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The mean of the grid at evenly spaced points of a box."""
    rows, columns = GRID
    maps = features_PD.reshape(rows, columns, -1).astype(float)
    x0, y0, x1, y1 = box * [columns, rows, columns, rows]
    down, across = ((np.arange(POINTS * n) + 0.5) / (POINTS * n) for n in GRID)
    return np.mean(
        [bilinear(maps, y0 + v * (y1 - y0), x0 + u * (x1 - x0)) for v in down for u in across], 0
    )


def onnx_roi_align(path) -> None:
    """A graph of ONNX's own RoiAlign and a mean: maps (1, D, R, C), boxes in places (N, 4)."""
    rows, columns = GRID
    helper = onnx.helper
    nodes = [
        helper.make_node(
            "RoiAlign", ["maps", "boxes", "pictures"], ["cells"],
            mode="avg", coordinate_transformation_mode="half_pixel", spatial_scale=1.0,
            output_height=rows, output_width=columns, sampling_ratio=POINTS,
        ),
        helper.make_node("ReduceMean", ["cells"], ["regions"], axes=[2, 3], keepdims=0),
    ]  # fmt: skip
    ends = {"maps": ([1, SIZE, rows, columns], 1), "boxes": (["N", 4], 1), "pictures": (["N"], 7)}
    inputs = [helper.make_tensor_value_info(n, kind, shape) for n, (shape, kind) in ends.items()]
    output = helper.make_tensor_value_info("regions", 1, ["N", SIZE])
    graph = helper.make_graph(nodes, "reference", inputs, [output])
    opset = [helper.make_opsetid("", 17)]
    path.write_bytes(
        helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("graphs") / "regions.onnx"
    write_roi_align(GRID, SIZE, path)
    return path


@pytest.fixture
def inputs():
    rng = np.random.default_rng(0)
    corners = np.sort(rng.random((3, 7, 2, 2)), 2).astype(np.float32)
    boxes = corners.reshape(3, 7, 4)  # x0, y0, x1, y1
    boxes[0, 0] = [0, 0, 1, 1]
    boxes[1, 1] = [0.98, 0.98, 1, 1]
    boxes[2, 5:] = 0  # padding
    features = rng.normal(size=(3, GRID[0] * GRID[1], SIZE)).astype(np.float32)
    return {"features": features, "boxes": boxes}


@pytest.mark.parametrize("engine", ENGINES)
def test_regions_are_the_means_of_their_points(path, inputs, engine):
    pytest.importorskip(engine)
    found = open_graph(path, engine=engine, precision="f32")(inputs)["regions"]
    assert found.shape == (3, 7, SIZE)
    for picture in range(3):
        for number, box in enumerate(inputs["boxes"][picture]):
            if box[2] > box[0]:
                expected = plain_roi_mean(inputs["features"][picture], box)
                np.testing.assert_allclose(found[picture, number], expected, atol=1e-5)
            else:
                assert (found[picture, number] == 0).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_they_are_those_of_onnxs_roi_align(path, inputs, engine, tmp_path):
    pytest.importorskip(engine)
    onnx_roi_align(tmp_path / "reference.onnx")
    rows, columns = GRID
    boxes, features = inputs["boxes"][:1], inputs["features"][:1]
    reference = open_graph(tmp_path / "reference.onnx", engine=engine, precision="f32")(
        {
            "maps": np.ascontiguousarray(features[0].T.reshape(1, SIZE, rows, columns)),
            "boxes": boxes[0] * np.float32([columns, rows, columns, rows]),
            "pictures": np.zeros(boxes.shape[1], np.int64),
        }
    )
    graph = open_graph(path, engine=engine, precision="f32")
    found = graph({"features": features, "boxes": boxes})["regions"][0]
    np.testing.assert_allclose(found, reference["regions"], atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_picture_and_its_boxes_may_be_of_any_number(path, inputs, engine):
    pytest.importorskip(engine)
    graph = open_graph(path, engine=engine, precision="f32")
    whole = graph(inputs)["regions"]
    one = graph({name: array[1:2] for name, array in inputs.items()})["regions"]
    np.testing.assert_allclose(one, whole[1:2], atol=1e-5)
    fewer = graph({"features": inputs["features"], "boxes": inputs["boxes"][:, :2]})["regions"]
    np.testing.assert_allclose(fewer, whole[:, :2], atol=1e-5)


def test_the_engines_agree(path, inputs):
    pytest.importorskip("onnxruntime")
    first, second = (
        open_graph(path, engine=engine, precision="f32")(inputs)["regions"] for engine in ENGINES
    )
    np.testing.assert_allclose(first, second, atol=1e-5)
