"""Keras models to ONNX graphs. Needs the TensorFlow backend, float32, and tf2onnx.

B pictures, K beams, R places, D feature size, S side of the picture in pixels, V vocabulary.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tf2onnx
from keras import ops

from looksay.export.onnx_file import halve_weights, rename_ends, save
from looksay.features.backbones import Backbone
from looksay.models.base import CaptionModel

OPSET = 17


def write_backbone(backbone: Backbone, weights: str | None, path: Path) -> None:
    """`images` uint8 (B, S, S, 3) -> `features` float32 (B, R, D)."""
    model = backbone.build(weights)
    size = backbone.image_size
    spec = {"images": tf.TensorSpec((None, size, size, 3), tf.uint8)}
    _write(lambda images: {"features": model(images, training=False)}, spec, path)


def write_caption_graphs(model: CaptionModel, num_places: int, folder: Path) -> None:
    """encode.onnx and step.onnx of a model; their ends are named in the design."""
    encode_spec = {
        "features": tf.TensorSpec((None, num_places, model.feature_size)),
        "mask": tf.TensorSpec((None, num_places)),
    }

    def encode(features: Any, mask: Any) -> dict[str, Any]:
        return _named(*model.encode(features, mask))

    outputs = _write(encode, encode_spec, folder / "encode.onnx")
    state = {
        # the carry's K is 1 after encode, and any number from then on
        name: tf.TensorSpec((None, None, *shape[2:]) if name.startswith("carry.") else shape)
        for name, shape in outputs.items()
    }

    def step(tokens: Any, *parts: Any) -> dict[str, Any]:
        named = dict(zip(state, parts, strict=True))
        logits, attention, carry = model.step(
            tokens, _part(named, "memory."), _part(named, "carry.")
        )
        carry = {f"carry.{name}.next": value for name, value in carry.items()}
        return {"log_probs": ops.log_softmax(logits), "attention": attention, **carry}

    tokens = {"tokens": tf.TensorSpec((None, None), tf.int32)}
    _write(step, {**tokens, **state}, folder / "step.onnx")


def _named(memory: dict[str, Any], carry: dict[str, Any]) -> dict[str, Any]:
    return {
        **{f"memory.{name}": value for name, value in memory.items()},
        **{f"carry.{name}": value for name, value in carry.items()},
    }


def _part(named: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {n.removeprefix(prefix): value for n, value in named.items() if n.startswith(prefix)}


def _write(function: Any, inputs: dict[str, tf.TensorSpec], path: Path) -> dict[str, tuple]:
    """Trace, convert, name, halve and save; returns the outputs' shapes by name."""
    if keras.config.dtype_policy().name != "float32":
        raise ValueError("graphs are exported from the float32 policy")
    # TensorFlow allows no dots in the names of arguments; the graph's ends are renamed after
    plain = {name.replace(".", "__"): name for name in inputs}
    signature = [
        tf.TensorSpec(spec.shape, spec.dtype, name)
        for name, spec in zip(plain, inputs.values(), strict=True)
    ]
    order: list[str] = []
    shapes: dict[str, tuple] = {}

    def flat(*arguments: Any) -> list[Any]:
        outputs = function(*arguments)
        order[:] = list(outputs)
        shapes.update({name: tuple(value.shape) for name, value in outputs.items()})
        return [tf.identity(value) for value in outputs.values()]

    traced = tf.function(flat, input_signature=signature, autograph=False)
    model, _ = tf2onnx.convert.from_function(traced, input_signature=signature, opset=OPSET)
    ends = {value.name: name for value, name in zip(model.graph.output, order, strict=True)}
    rename_ends(model, {**plain, **ends})
    halve_weights(model)
    save(model, path)
    return shapes
