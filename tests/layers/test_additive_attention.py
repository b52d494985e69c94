"""Additive attention against Bahdanau's equation in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from looksay.layers import AdditiveAttention  # noqa: E402

B, K, R, D, H, A = 2, 3, 5, 4, 6, 7


def numpy(tensor):
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.fixture
def case():
    """A layer, features (B, R, D), queries (B, K, H) and a mask (B, R)."""
    layer = AdditiveAttention(A)
    layer.build(D, H)
    rng = np.random.default_rng(0)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    mask = np.ones((B, R), np.float32)
    mask[1, 3:] = 0
    features = rng.normal(size=(B, R, D)).astype(np.float32)
    return layer, features, rng.normal(size=(B, K, H)).astype(np.float32), mask


def test_it_is_bahdanaus_equation(case):
    layer, features, queries, mask = case
    W1, b, W2, v = (
        numpy(w) for w in (layer.keys.kernel, layer.keys.bias, layer.query.kernel,
                           layer.score.kernel)
    )  # fmt: skip
    found = numpy(layer(queries, layer.project(features), mask))
    for picture in range(B):
        for caption in range(K):
            scores = [
                (np.tanh(a @ W1 + b + queries[picture, caption] @ W2) @ v).item()
                for a, real in zip(features[picture], mask[picture], strict=True)
                if real
            ]
            expected = np.zeros(R)
            expected[: len(scores)] = np.exp(scores) / np.exp(scores).sum()
            np.testing.assert_allclose(found[picture, caption], expected, atol=1e-5)


def test_there_is_no_other_parameter(case):
    assert sum(int(np.prod(w.shape)) for w in case[0].weights) == D * A + A + H * A + A


def test_a_picture_without_any_place_is_no_nan(case):
    layer, features, queries, _ = case
    assert np.isfinite(numpy(layer(queries, layer.project(features), np.zeros((B, R))))).all()


def test_a_configuration_makes_the_same_layer_again(case):
    config = case[0].get_config()
    assert AdditiveAttention.from_config(config).get_config() == config
