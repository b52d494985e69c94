"""Every tensor on the way from features to a word: what each layer took and gave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from looksay.models.base import CaptionModel
from looksay.text import START


@dataclass(frozen=True)
class Traced:
    """One tensor: the stage of the way, its name, the shapes it came from, and its value."""

    stage: str
    name: str
    came_from: tuple[tuple[int, ...], ...]
    value: np.ndarray


def trace_model(
    model: CaptionModel, features_BRD: np.ndarray, *, num_beams: int = 1
) -> list[Traced]:
    """`encode`, then the `step` from `<start>` to the first word's logits, tensor by tensor."""
    found: list[Traced] = []
    mask_BR = np.ones(features_BRD.shape[:2], np.float32)
    with _recording(model, "encode", found):
        memory, carry = model.encode(ops.convert_to_tensor(features_BRD), mask_BR)
    found += _named("encode", "memory", memory) + _named("encode", "carry", carry)
    carry = {name: ops.repeat(part, num_beams, 1) for name, part in carry.items()}
    tokens_BK = np.full((len(features_BRD), num_beams), START, np.int32)
    found.append(Traced("step", "tokens", (), tokens_BK))
    with _recording(model, "step", found):
        logits_BKV, attention_BKR, carry = model.step(
            ops.convert_to_tensor(tokens_BK), memory, carry
        )
    results = {"attention": attention_BKR, "logits": logits_BKV}
    return found + _named("step", "carry", carry) + _named("step", "result", results)


def _named(stage: str, kind: str, tensors: dict[str, Any]) -> list[Traced]:
    return [
        Traced(stage, f"{kind}.{name}", (), ops.convert_to_numpy(value))
        for name, value in tensors.items()
    ]


@contextmanager
def _recording(model: CaptionModel, stage: str, found: list[Traced]) -> Iterator[None]:
    """While inside, every layer of the model notes what it takes and gives."""
    with ExitStack() as stack:
        for layer in model._flatten_layers(include_self=False):
            stack.enter_context(_watched(layer, stage, found))
        yield


@contextmanager
def _watched(layer: keras.Layer, stage: str, found: list[Traced]) -> Iterator[None]:
    original = layer.call

    def call(*arguments: Any, **options: Any) -> Any:
        result = original(*arguments, **options)
        shapes = tuple(tuple(a.shape) for a in tree.flatten(arguments) if hasattr(a, "shape"))
        for value in tree.flatten(result):
            found.append(
                Traced(stage, layer.path or layer.name, shapes, ops.convert_to_numpy(value))
            )
        return result

    layer.call = call
    try:
        yield
    finally:
        layer.call = original
