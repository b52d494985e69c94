"""Scaled dot-product attention with several heads: Attention Is All You Need (Vaswani et al. 2017,
https://arxiv.org/abs/1706.03762, section 3.2).

B pictures, K captions, R places, T queries, S keys, N heads, H head size, F model size.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from looksay.layers.additive_attention import MASKED_SCORE


def split_heads(joined: Any, num_heads: int) -> Any:
    """(..., S, N x H) -> (..., N, S, H)."""
    *leading, size, width = ops.shape(joined)
    split = ops.reshape(joined, (*leading, size, num_heads, width // num_heads))
    return ops.swapaxes(split, -3, -2)


def attend(queries: Any, keys: Any, values: Any, allowed: Any) -> tuple[Any, Any]:
    """`softmax(q k^T / sqrt(H)) v` (eq. 1) with the heads joined, (..., T, N x H), and the weights
    (..., N, T, S).

    queries (..., N, T, H), keys and values (..., N, S, H). allowed: 1 where a query may look, 0
    where not, broadcast to the weights.
    """
    scores = ops.matmul(queries, ops.swapaxes(keys, -2, -1)) * queries.shape[-1] ** -0.5
    scores = scores + (1.0 - ops.cast(allowed, scores.dtype)) * MASKED_SCORE
    weights = ops.softmax(scores)
    seen = ops.swapaxes(ops.matmul(weights, values), -3, -2)
    *leading, num_heads, size = ops.shape(seen)
    return ops.reshape(seen, (*leading, num_heads * size)), weights


@keras.saving.register_keras_serializable(package="looksay")
class CrossAttention(layers.Layer):
    """Attention of words, or places, to the places of their picture.

    memory_slots: keys and values that are learnt and the same for every picture stand beside the
    places' (Cornia et al. 2020, https://arxiv.org/abs/1912.08226, eq. 2).
    """

    def __init__(
        self, num_heads: int, head_size: int, memory_slots: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_heads, self.head_size, self.memory_slots = num_heads, head_size, memory_slots
        width = num_heads * head_size
        self.query = layers.Dense(width, name="query")
        self.key_value = layers.Dense(2 * width, name="key_value")

    def build(self, model_size: int, memory_size: int) -> None:
        width = self.num_heads * self.head_size
        self.query.build((None, None, model_size))
        self.key_value.build((None, None, memory_size))
        self.output_dense = layers.Dense(model_size, name="output")
        self.output_dense.build((None, None, width))
        if self.memory_slots:
            shape, start = (1, self.memory_slots, 2 * width), keras.initializers.RandomNormal(0.1)
            self.slots = self.add_weight(shape, start, name="slots")
        self.built = True

    def project(self, places_BRD: Any) -> Any:
        """Keys and values (B, R + memory slots, 2 x N x H) of a picture's places."""
        found = self.key_value(places_BRD)
        if not self.memory_slots:
            return found
        slots = ops.cast(self.slots, found.dtype) + ops.zeros_like(found[:, :1])
        return ops.concatenate([found, slots], 1)

    def call(self, queries_BTF: Any, key_values_BSW: Any, mask_BR: Any) -> tuple[Any, Any]:
        """What is seen, (B, T, F), and the weights of the places, the heads' mean, (B, T, R)."""
        queries = split_heads(self.query(queries_BTF), self.num_heads)
        keys, values = (
            split_heads(part, self.num_heads) for part in ops.split(key_values_BSW, 2, axis=-1)
        )
        mask_BR = ops.cast(mask_BR, queries.dtype)
        allowed_BS = mask_BR
        if self.memory_slots:
            ones = ops.ones_like(mask_BR[:, :1]) * ops.ones((1, self.memory_slots), mask_BR.dtype)
            allowed_BS = ops.concatenate([mask_BR, ones], 1)
        seen, weights = attend(queries, keys, values, allowed_BS[:, None, None])
        return self.output_dense(seen), ops.mean(weights, 1)[..., : mask_BR.shape[1]]

    def get_config(self) -> dict[str, Any]:
        sizes = ("num_heads", "head_size", "memory_slots")
        return {**super().get_config(), **{name: getattr(self, name) for name in sizes}}


@keras.saving.register_keras_serializable(package="looksay")
class FeedForward(layers.Layer):
    """`W_2 ReLU(W_1 x)` of each position (Vaswani et al. 2017, eq. 2)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.inner = layers.Dense(units, "relu", name="inner")

    def build(self, model_size: int) -> None:
        self.outer = layers.Dense(model_size, name="outer")
        self.inner.build((None, None, model_size))
        self.outer.build((None, None, self.units))
        self.built = True

    def call(self, inputs: Any) -> Any:
        """(..., F) -> (..., F)."""
        return self.outer(self.inner(inputs))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
