"""Soft attention with a GRU, as the Keras and TensorFlow attention tutorials have it.

The tutorials follow Xu et al. 2015 (https://arxiv.org/abs/1502.03044) with Bahdanau's attention.
Mended unless asked: the GRU's state is really carried from word to word (the ports call the GRU
without it, so that recurrence runs through the attention alone).

B pictures, K captions or beams, R places, D feature size, F encoder size, H GRU size.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from looksay.layers import AdditiveAttention, GRUCell
from looksay.models.base import CaptionModel, Carry, Memory, Tensor


@keras.saving.register_keras_serializable(package="looksay")
class TutorialAttention(CaptionModel):
    """Dense ReLU encoder, additive attention with the last state, GRU on [context; embedding],
    a dense layer, then the vocabulary.

    encoder_size: F. hidden_size: H, of the GRU and of the dense layer after it. attention_size:
    inside the tanh. carry_state: false makes the ports' mistake: the GRU starts from zero at every
    word, and its state serves the attention only. The tutorials have no dropout.
    """

    def __init__(
        self,
        *,
        embedding_size: int = 256,
        encoder_size: int = 256,
        hidden_size: int = 512,
        attention_size: int = 512,
        carry_state: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options = {
            "embedding_size": embedding_size,
            "encoder_size": encoder_size,
            "hidden_size": hidden_size,
            "attention_size": attention_size,
            "carry_state": carry_state,
        }
        self.encoder = layers.Dense(encoder_size, "relu", name="encoder")
        self.embedding = layers.Embedding(self.vocabulary_size, embedding_size, name="embedding")
        self.attention = AdditiveAttention(attention_size, name="attention")
        self.cell = GRUCell(hidden_size, "glorot_uniform", name="cell")
        gates = self.cell.input_size
        self.word_input = layers.Dense(gates, use_bias=False, name="word_input")
        self.context_input = layers.Dense(gates, use_bias=False, name="context_input")
        self.dense = layers.Dense(hidden_size, name="dense")
        self.logits = layers.Dense(self.vocabulary_size, dtype="float32", name="logits")

    def build(self, input_shape: Any = None) -> None:
        encoder, hidden = self.options["encoder_size"], self.options["hidden_size"]
        self.encoder.build((None, None, self.feature_size))
        self.embedding.build((None, None))
        self.attention.build(encoder, hidden)
        self.cell.build()
        self.word_input.build((None, None, self.options["embedding_size"]))
        self.context_input.build((None, None, encoder))
        self.dense.build((None, None, hidden))
        self.logits.build((None, None, hidden))
        self.built = True

    def encode(
        self, features_BRD: Tensor, mask_BR: Tensor, training: bool = False
    ) -> tuple[Memory, Carry]:
        features_BRD = ops.cast(features_BRD, self.compute_dtype)
        values_BRF = self.encoder(self.drop_features(features_BRD, training=training))
        mask_BR = ops.cast(mask_BR, values_BRF.dtype)
        # the first state is zero, as in the tutorials
        start_B1H = ops.zeros_like(values_BRF[:, :1, :1]) * ops.zeros(
            (1, 1, self.cell.units), values_BRF.dtype
        )
        memory = {"values": values_BRF, "keys": self.attention.project(values_BRF)}
        return {**memory, "mask": mask_BR}, {"h": start_B1H}

    def embed(self, tokens: Tensor, training: bool = False) -> tuple[Tensor, ...]:
        return (self.word_input(self.drop_words(self.embedding(tokens), training=training)),)

    def advance(
        self, embedded: tuple, memory: Memory, carry: Carry, training: bool = False
    ) -> tuple[tuple[Tensor, ...], Tensor, Carry]:
        alpha_BKR = self.attention(carry["h"], memory["keys"], memory["mask"])
        context_BKF = ops.matmul(alpha_BKR, memory["values"])
        before_BKH = carry["h"] if self.options["carry_state"] else ops.zeros_like(carry["h"])
        h_BKH = self.cell(embedded[0] + self.context_input(context_BKF), before_BKH)
        return (h_BKH,), alpha_BKR, {"h": h_BKH}

    def read_out(self, embedded: tuple, outputs: tuple, training: bool = False) -> Tensor:
        return self.logits(self.drop_output(self.dense(outputs[0]), training=training))
