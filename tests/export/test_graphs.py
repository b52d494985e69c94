"""Exported graphs say what Keras says with the same rounded weights, on both engines."""

from __future__ import annotations

import numpy as np
import pytest

for _module in ("keras", "tensorflow", "tf2onnx", "onnx"):
    pytest.importorskip(_module)

from looksay.decoding import DecodingOptions, decode  # noqa: E402
from looksay.export.bundle import (  # noqa: E402  # noqa: E402
    export_graphs,
    load_bundle_model,
    model_config,
    save_rounded_weights,
    write_bundle,
)
from looksay.features.backbones import get_backbone  # noqa: E402
from looksay.models import MODELS, build_model, model_options  # noqa: E402
from looksay.models.stepper import KerasStepper  # noqa: E402
from looksay.runtime import Bundle, GraphStepper, open_graph  # noqa: E402
from looksay.text import SPECIALS, Vocabulary  # noqa: E402

BACKBONE = get_backbone("efficientnet_lite0")
WORDS = Vocabulary((*SPECIALS, *(f"word{i}" for i in range(60))))


@pytest.fixture(scope="module", params=MODELS)
def exported(request, tmp_path_factory):
    """A bundle of a small model whose weights are large enough to give varied captions."""
    import keras

    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(1)
    options = model_options(request.param)
    sizes = {name: 20 for name, size in options.items() if name.endswith("_size") and size}
    data = {"vocabulary_size": len(WORDS), "feature_size": BACKBONE.feature_size}
    model = build_model(request.param, **data, **sizes)
    rng = np.random.default_rng(0)
    model.set_weights([w + rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    folder = tmp_path_factory.mktemp("export")
    graph = folder / "graph.onnx"
    graph.write_bytes(b"stands for the backbone")
    bundle = folder / "bundle"
    write_bundle(
        bundle, model, WORDS, BACKBONE, graph, name="small",
        recipe={"decoding": DecodingOptions(method="greedy").as_dict()},
        identity={"name": BACKBONE.name}, licence="none", describe=lambda _: ("# card", {}),
    )  # fmt: skip
    return model, bundle


def features(count: int = 6) -> np.ndarray:
    """Pictures that differ as a whole, and their places a little."""
    rng = np.random.default_rng(5)
    pictures = rng.normal(size=(count, 1, BACKBONE.feature_size))
    places = rng.normal(size=(count, BACKBONE.num_places, BACKBONE.feature_size))
    return (pictures + 0.5 * places).astype(np.float32)


def greedy(stepper) -> list[tuple[int, ...]]:
    found = decode(stepper, features(), DecodingOptions(method="greedy", max_words=12))
    return [hypotheses[0].tokens for hypotheses in found]


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_graphs_and_keras_with_rounded_weights_say_the_same(exported, engine):
    pytest.importorskip(engine)
    _, folder = exported
    bundle = Bundle.open(folder, verify_all=True)
    rounded = load_bundle_model(folder)
    graphs = [
        open_graph(bundle.graph(name), engine=engine, precision="f32")
        for name in ("encode", "step")
    ]
    expected = greedy(KerasStepper(rounded))
    assert greedy(GraphStepper(*graphs)) == expected
    assert len(set(expected)) > 1  # different pictures, different captions


def test_beams_share_their_pictures_memory(exported):
    _, folder = exported
    bundle = Bundle.open(folder)
    graphs = [open_graph(bundle.graph(name), precision="f32") for name in ("encode", "step")]
    stepper = GraphStepper(*graphs)
    memory, carry = stepper.encode(features(2), None)
    carry = {name: np.repeat(part, 3, 1) for name, part in carry.items()}
    tokens = np.int32([[5, 6, 7], [8, 9, 5]])
    log_probs, attention, after = stepper.step(tokens, memory, carry)
    assert log_probs.shape == (2, 3, len(WORDS)) and attention.shape == (2, 3, BACKBONE.num_places)
    np.testing.assert_allclose(np.exp(log_probs).sum(-1), 1.0, atol=1e-4)
    alone = stepper.step(tokens[:, 1:2], memory, {n: p[:, 1:2] for n, p in carry.items()})
    np.testing.assert_allclose(alone[1], attention[:, 1:2], atol=1e-5)
    assert set(after) == set(carry)


def test_the_model_in_training_keeps_its_own_weights(exported, tmp_path):
    model, _ = exported
    before = [weight.copy() for weight in model.get_weights()]
    save_rounded_weights(model, tmp_path / "w.weights.h5")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_description_makes_the_model_again(exported):
    model, folder = exported
    assert model_config(load_bundle_model(folder)) == model_config(model)


def test_an_export_that_fails_says_why_in_a_sentence(exported, tmp_path):
    from looksay.errors import TrainingError

    model, _ = exported
    with pytest.raises(TrainingError, match="the export failed"):
        export_graphs(model, BACKBONE.num_places, tmp_path / "missing.weights.h5", tmp_path)
