"""A Keras model as decoding sees it: NumPy in, NumPy out (see looksay.decoding.stepper)."""

from __future__ import annotations

import numpy as np
from keras import ops

from looksay.models.base import CaptionModel, Carry, Memory
from looksay.models.compiled import compiled


class KerasStepper:
    """`encode` and `step` of a model, compiled; follows the model's weights as they change."""

    def __init__(self, model: CaptionModel) -> None:
        def step(tokens_BK: object, memory: Memory, carry: Carry) -> tuple:
            logits_BKV, attention_BKR, carry = model.step(tokens_BK, memory, carry)
            logits_BKV = ops.cast(logits_BKV, "float32")
            return ops.log_softmax(logits_BKV), ops.cast(attention_BKR, "float32"), carry

        self._encode = compiled(model, lambda features, mask: model.encode(features, mask))
        self._step = compiled(model, step)

    def encode(self, features_BRD: np.ndarray, mask_BR: np.ndarray | None) -> tuple[Memory, Carry]:
        """The pictures' memory and first carry; see the contract."""
        if mask_BR is None:
            mask_BR = np.ones(features_BRD.shape[:2], np.float32)
        return self._encode(features_BRD, mask_BR)

    def step(
        self, tokens_BK: np.ndarray, memory: Memory, carry: Carry
    ) -> tuple[np.ndarray, np.ndarray, Carry]:
        """One word on; see the contract."""
        return self._step(tokens_BK, memory, carry)
