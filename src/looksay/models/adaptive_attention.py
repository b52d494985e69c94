"""Adaptive attention with a visual sentinel: Knowing When to Look (Lu et al. 2017,
https://arxiv.org/abs/1612.01887).

B pictures, K captions or beams, R places, D feature size, E embedding, H hidden, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from looksay.layers import LSTMCell, SentinelAttention, mean_of_places
from looksay.models.base import CaptionModel, Carry, Memory, Tensor


@keras.saving.register_keras_serializable(package="looksay")
class AdaptiveAttention(CaptionModel):
    """The decoder decides for each word how much to look at the picture at all.

    - `v_i = ReLU(W_a a_i)`, `v_g = ReLU(W_b mean(a))` (eqs. 14, 15); the LSTM reads `[w_t; v_g]`.
    - Attention after the LSTM, by its new state (eqs. 6 to 8).
    - The sentinel `s_t = sigmoid(W_x x_t + W_h h_{t-1}) tanh(m_t)` (eqs. 9, 10; `m_t` is the LSTM's
      cell state) competes with the places.
    - `c_hat = beta s_t + sum_i alpha_i v_i`, `p = softmax(W_p (c_hat + h_t))` (eqs. 11, 13).

    A word's attention adds up to `1 - beta`. embedding_size: E, of words and of `v_g`. hidden_size:
    H, of the states, the sentinel and the attended values. The first state is zero.
    """

    looks_away = True

    def __init__(
        self,
        *,
        embedding_size: int = 512,
        hidden_size: int = 512,
        attention_size: int = 512,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options = {
            "embedding_size": embedding_size,
            "hidden_size": hidden_size,
            "attention_size": attention_size,
        }
        self.values = layers.Dense(hidden_size, "relu", name="values")
        self.picture = layers.Dense(embedding_size, "relu", name="picture")
        self.embedding = layers.Embedding(self.vocabulary_size, embedding_size, name="embedding")
        self.cell = LSTMCell(hidden_size, name="cell")
        # the LSTM's input and the sentinel gate's read the same x_t: one projection for both
        inputs = self.cell.input_size + hidden_size
        self.word_input = layers.Dense(inputs, use_bias=False, name="word_input")
        self.picture_input = layers.Dense(inputs, name="picture_input")
        self.sentinel_state = layers.Dense(hidden_size, use_bias=False, name="sentinel_state")
        self.attention = SentinelAttention(attention_size, name="attention")
        self.logits = layers.Dense(self.vocabulary_size, dtype="float32", name="logits")

    def build(self, input_shape: Any = None) -> None:
        embedding, hidden = self.options["embedding_size"], self.options["hidden_size"]
        self.values.build((None, None, self.feature_size))
        self.picture.build((None, self.feature_size))
        self.embedding.build((None, None))
        self.cell.build()
        self.word_input.build((None, None, embedding))
        self.picture_input.build((None, embedding))
        self.sentinel_state.build((None, None, hidden))
        self.attention.build(hidden, hidden)
        self.logits.build((None, None, hidden))
        self.built = True

    def encode(
        self, features_BRD: Tensor, mask_BR: Tensor, training: bool = False
    ) -> tuple[Memory, Carry]:
        features_BRD = ops.cast(features_BRD, self.compute_dtype)
        features_BRD = self.drop_features(features_BRD, training=training)
        values_BRH = self.values(features_BRD)
        picture_BE = self.picture(mean_of_places(features_BRD, mask_BR))
        start_B1H = ops.zeros_like(values_BRH[:, :1])
        memory = {
            "values": values_BRH,
            "keys": self.attention.project(values_BRH),
            "mask": ops.cast(mask_BR, values_BRH.dtype),
            "picture": self.picture_input(picture_BE)[:, None],
        }
        return memory, {"h": start_B1H, "c": start_B1H}

    def embed(self, tokens: Tensor, training: bool = False) -> tuple[Tensor, ...]:
        return (self.word_input(self.drop_words(self.embedding(tokens), training=training)),)

    def advance(
        self, embedded: tuple, memory: Memory, carry: Carry, training: bool = False
    ) -> tuple[tuple[Tensor, ...], Tensor, Carry]:
        inputs = embedded[0] + memory["picture"]
        lstm_input, gate_input = ops.split(inputs, [self.cell.input_size], axis=-1)
        gate_BKH = ops.sigmoid(gate_input + self.sentinel_state(carry["h"]))
        h_BKH, m_BKH = self.cell(lstm_input, carry["h"], carry["c"])
        sentinel_BKH = gate_BKH * ops.tanh(m_BKH)
        alpha_BKR, beta_BK1 = self.attention(h_BKH, memory["keys"], memory["mask"], sentinel_BKH)
        context_BKH = ops.matmul(alpha_BKR, memory["values"]) + beta_BK1 * sentinel_BKH
        return (context_BKH + h_BKH,), alpha_BKR, {"h": h_BKH, "c": m_BKH}

    def read_out(self, embedded: tuple, outputs: tuple, training: bool = False) -> Tensor:
        return self.logits(self.drop_output(outputs[0], training=training))
