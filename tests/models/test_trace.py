"""The way from features to a word, tensor by tensor."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from small_models import (  # noqa: E402
    FEATURES,
    PLACES,
    VOCABULARY,
    small_inputs,
    small_model,
)

from looksay.models import MODELS  # noqa: E402
from looksay.models.trace import trace_model  # noqa: E402
from looksay.text import START  # noqa: E402


@pytest.mark.parametrize("name", MODELS)
def test_it_ends_in_the_logits_of_the_step_and_leaves_no_trace(name):
    model, inputs = small_model(name, full=True), small_inputs(2)
    calls = [layer.call for layer in model._flatten_layers()]
    traced = trace_model(model, inputs["features"], num_beams=3)
    assert [layer.call for layer in model._flatten_layers()] == calls
    found = {t.name: t.value for t in traced if t.stage == "step"}
    assert found["result.logits"].shape == (2, 3, VOCABULARY)
    assert found["result.attention"].shape == (2, 3, PLACES)
    memory, carry = model.encode(inputs["features"], np.ones((2, PLACES), np.float32))
    logits, _, _ = model.step(keras.ops.convert_to_tensor([[START]] * 2), memory, carry)
    expected = keras.ops.convert_to_numpy(logits)[:, 0]
    np.testing.assert_allclose(found["result.logits"][:, 1], expected, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_with_weights_is_met(name):
    model = small_model(name, full=True)
    traced = {t.name for t in trace_model(model, small_inputs()["features"])}
    for layer in model._flatten_layers(include_self=False):
        if layer._trainable_variables:  # its own, not those of layers inside it
            assert layer.path in traced
    # the pictures' features, place by place or their mean
    came_from = [s for t in trace_model(model, small_inputs(2)["features"]) for s in t.came_from]
    assert {(2, PLACES, FEATURES), (2, 1, FEATURES)} & set(came_from)
