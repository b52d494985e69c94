"""A trunk whose last layers are trained with the decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

for _module in ("keras", "tensorflow", "tf2onnx", "onnx"):
    pytest.importorskip(_module)

import keras  # noqa: E402

from looksay.data import Record  # noqa: E402
from looksay.errors import RecipeError  # noqa: E402
from looksay.features.backbones import get_backbone  # noqa: E402
from looksay.models import build_model  # noqa: E402
from looksay.runtime import open_graph  # noqa: E402
from looksay.training.feature_options import FeatureOptions  # noqa: E402
from looksay.training.optimizers import make_optimizer  # noqa: E402
from looksay.training.prepare import Split, shown_rows  # noqa: E402
from looksay.training.recipe_options import TrainingOptions  # noqa: E402
from looksay.training.trunk import (  # noqa: E402
    TRUNK_WEIGHTS,
    build_seeing_model,
    decoder_weights,
    put_back,
    split_model,
    trunk_variables,
)

BACKENDS = ("tensorflow", "jax")
pytestmark = pytest.mark.skipif(
    keras.backend.backend() not in BACKENDS, reason="Torch has one learning rate for all"
)
LAYER = "block10_add"  # the end of a stage
SIZES = {"embedding_size": 6, "hidden_size": 8, "attention_size": 4, "values_size": 6}


def options(**changed: str) -> FeatureOptions:
    given = {"backbone": "efficientnet_lite0", "weights": "none", "trained_from": LAYER}
    return FeatureOptions(**{**given, **changed})


def seeing_model() -> keras.Model:
    keras.utils.set_random_seed(3)
    return build_seeing_model(
        "show_attend_tell", options(), vocabulary_size=11, feature_size=1280, **SIZES
    )


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)


def to_numpy(tensor: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def whole_trunk(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """The front and the whole of a trunk whose last layers are the model's."""
    keras.utils.set_random_seed(5)
    network = get_backbone("efficientnet_lite0").trunk(None)
    put_back(model.trunk, network)
    return keras.Model(network.input, network.get_layer(LAYER).output), network


def test_what_is_kept_and_what_is_trained_make_the_whole_trunk(pictures):
    model = seeing_model()
    front, network = whole_trunk(model)
    seen = get_backbone("efficientnet_lite0").preprocess(pictures)
    kept = to_numpy(front(seen)).reshape(2, 14 * 14, -1)
    features = to_numpy(network(seen)).reshape(2, 49, 1280)
    decoder = build_model("show_attend_tell", vocabulary_size=11, feature_size=1280, **SIZES)
    decoder.set_weights([to_numpy(v) for v in decoder_weights(model)])
    tokens = np.random.default_rng(1).integers(4, 11, (2, 3, 5))
    for ours, theirs in zip(
        model({"features": kept, "tokens": tokens}),
        decoder({"features": features, "tokens": tokens}),
        strict=True,
    ):
        np.testing.assert_allclose(to_numpy(ours), to_numpy(theirs), atol=1e-4)
    assert model({"features": kept, "tokens": tokens})[1].shape == (2, 3, 5, 49)


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_the_trunk_learns_at_its_own_rate(rate):
    model = seeing_model()
    training = TrainingOptions(learning_rate=1e-2, trunk_rate=rate, weight_decay=0.1)
    optimizer = make_optimizer(training, 1, trunk_variables(model))
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, jit_compile=False)
    before = [to_numpy(v).copy() for v in model.weights]
    random = np.random.default_rng(0)
    tokens = random.integers(4, 11, (2, 3, 5)).astype(np.int32)
    inputs = {"features": random.random((2, 196, 112), np.float32), "tokens": tokens}
    model.train_on_batch(inputs, np.concatenate([tokens[..., 1:], tokens[..., :1] * 0 + 2], -1))
    moved = {
        variable.path: np.abs(to_numpy(variable) - old).max()
        for variable, old in zip(model.weights, before, strict=True)
    }
    of_trunk = [moved[variable.path] for variable in trunk_variables(model)]
    # a first step of Adam is as long as the rate, whatever the gradient
    assert max(of_trunk) == pytest.approx(1e-2 * rate, rel=0.02)
    assert max(moved[v.path] for v in decoder_weights(model)) >= 0.99e-2  # and decay beside it


def test_a_trained_trunk_becomes_a_graph_and_weights_that_load(pictures, tmp_path):
    model = seeing_model()
    decoder = split_model(model, options(), tmp_path)
    assert [w.shape for w in decoder.get_weights()] == [w.shape for w in decoder_weights(model)]
    backbone = get_backbone("efficientnet_lite0")
    again = backbone.build(tmp_path / TRUNK_WEIGHTS)
    trained, loaded = (
        {v.path: to_numpy(v) for v in m.weights} for m in (model.trunk, again.layers[-2])
    )
    for path, value in trained.items():
        np.testing.assert_allclose(loaded[path], value, rtol=1e-3, atol=1e-6)
    graph = open_graph(tmp_path / "backbone.onnx", precision="f32")
    found = graph({"images": pictures})["features"]
    expected = to_numpy(again(pictures))
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())


def test_a_trunk_is_divided_only_where_that_is_possible():
    with pytest.raises(RecipeError, match="efficientnet_lite0 has no layer 'block99'"):
        options(trained_from="block99")
    with pytest.raises(RecipeError, match="features.trained_from has no effect where"):
        options(regions="proposals")
    inside = options(trained_from="block10_project")  # the way round it is needed too
    with pytest.raises(RecipeError, match="can't be divided there"):
        build_seeing_model("show_and_tell", inside, vocabulary_size=9, feature_size=1280)


def test_captions_that_tell_left_from_right_get_no_mirrored_picture():
    captions = ("a dog", "A dog on the left .", "leftover food")
    split = Split(
        records=tuple(Record(image=Path(c), captions=(c,), split="train") for c in captions),
        rows=np.arange(9).reshape(3, 3),
    )
    views = ("plain", "mirror", "crop-center")
    rows = shown_rows(split, views, ("left", "right"))
    assert [list(of) for of in rows] == [[0, 1, 2], [3, 5], [6, 7, 8]]
    assert [list(of) for of in shown_rows(split, views, ())] == np.arange(9).reshape(3, 3).tolist()
