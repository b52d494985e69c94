"""Soft attention with an LSTM: Show, Attend and Tell (Xu et al. 2015,
https://arxiv.org/abs/1502.03044), behind a region encoder on request (Cornia et al. 2020, Huang et
al. 2019).

B pictures, K captions or beams, R places, D feature size, F size of the attended values, A
attention size, E embedding, H hidden, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from looksay.errors import RecipeError
from looksay.layers import AdditiveAttention, LSTMCell, mean_of_places, region_encoder
from looksay.models.base import CaptionModel, Carry, Memory, Tensor


@keras.saving.register_keras_serializable(package="looksay")
class ShowAttendTell(CaptionModel):
    """The paper's soft attention.

    - `h_0`, `c_0`: two-layer networks of the mean feature (section 3.1.2).
    - `alpha = softmax(v . tanh(W a_i + U h_{t-1}))` (eqs. 4 and 5).
    - `z = beta sum_i alpha_i a_i`, `beta = sigmoid(w h_{t-1})` (section 4.2.1).
    - deep output: `logits = L_o tanh(E w_{t-1} + L_h h_t + L_z z_t)` (eq. 7; the tanh is the
      author's code's).

    values_size: F, a linear projection of the features before everything else; 0, as in the paper,
    attends to the features themselves. encoder_layers: with them the projected places attend to one
    another first, and are normalised, as in `looksay.models.transformer`; they need a values_size.
    The encoder's other options: see `looksay.layers.transformer`.
    """

    def __init__(
        self,
        *,
        embedding_size: int = 512,
        hidden_size: int = 512,
        attention_size: int = 512,
        values_size: int = 0,
        encoder_layers: int = 0,
        num_heads: int = 8,
        head_size: int = 64,
        feedforward_size: int = 1024,
        memory_slots: int = 0,
        attention_on_attention: bool = False,
        layer_dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options = {
            "embedding_size": embedding_size,
            "hidden_size": hidden_size,
            "attention_size": attention_size,
            "values_size": values_size,
            "encoder_layers": encoder_layers,
            "num_heads": num_heads,
            "head_size": head_size,
            "feedforward_size": feedforward_size,
            "memory_slots": memory_slots,
            "attention_on_attention": attention_on_attention,
            "layer_dropout": layer_dropout,
        }
        if encoder_layers and not values_size:
            raise RecipeError(
                "model.encoder_layers needs a size for the places that attend to one another: set "
                "model.values_size, such as 384"
            )
        self.values = layers.Dense(values_size, name="values") if values_size else None
        self.encoder = region_encoder(self.options)
        self.norm_values = layers.LayerNormalization(name="norm_values") if encoder_layers else None
        self.initial = layers.Dense(hidden_size, "tanh", name="initial")
        self.initial_hidden = layers.Dense(hidden_size, "tanh", name="initial_hidden")
        self.initial_cell = layers.Dense(hidden_size, name="initial_cell")
        self.embedding = layers.Embedding(self.vocabulary_size, embedding_size, name="embedding")
        self.attention = AdditiveAttention(attention_size, name="attention")
        self.gate = layers.Dense(1, "sigmoid", name="gate")
        self.cell = LSTMCell(hidden_size, name="cell")
        self.word_input = layers.Dense(self.cell.input_size, use_bias=False, name="word_input")
        self.context_input = layers.Dense(
            self.cell.input_size, use_bias=False, name="context_input"
        )
        self.hidden_output = layers.Dense(embedding_size, name="hidden_output")
        self.context_output = layers.Dense(embedding_size, use_bias=False, name="context_output")
        self.logits = layers.Dense(self.vocabulary_size, dtype="float32", name="logits")

    @property
    def context_size(self) -> int:
        """F."""
        return self.options["values_size"] or self.feature_size

    def build(self, input_shape: Any = None) -> None:
        embedding, hidden = self.options["embedding_size"], self.options["hidden_size"]
        context = self.context_size
        if self.values is not None:
            self.values.build((None, None, self.feature_size))
        for block in self.encoder:
            block.build(context)
        if self.norm_values is not None:
            self.norm_values.build((None, None, context))
        self.initial.build((None, context))
        for layer in (self.initial_hidden, self.initial_cell):
            layer.build((None, hidden))
        self.embedding.build((None, None))
        self.attention.build(context, hidden)
        self.gate.build((None, None, hidden))
        self.cell.build()
        self.word_input.build((None, None, embedding))
        self.context_input.build((None, None, context))
        self.hidden_output.build((None, None, hidden))
        self.context_output.build((None, None, context))
        self.logits.build((None, None, embedding))
        self.built = True

    def encode(
        self, features_BRD: Tensor, mask_BR: Tensor, training: bool = False
    ) -> tuple[Memory, Carry]:
        values_BRF = self.drop_features(
            ops.cast(features_BRD, self.compute_dtype), training=training
        )
        if self.values is not None:
            values_BRF = self.values(values_BRF)
        mask_BR = ops.cast(mask_BR, values_BRF.dtype)
        for block in self.encoder:
            values_BRF = block(values_BRF, mask_BR, training=training)
        if self.norm_values is not None:
            values_BRF = self.norm_values(values_BRF)
        start_B1H = self.initial(mean_of_places(values_BRF, mask_BR))[:, None]
        carry = {"h": self.initial_hidden(start_B1H), "c": self.initial_cell(start_B1H)}
        keys_BRA = self.attention.project(values_BRF)
        return {"values": values_BRF, "keys": keys_BRA, "mask": mask_BR}, carry

    def embed(self, tokens: Tensor, training: bool = False) -> tuple[Tensor, ...]:
        words = self.drop_words(self.embedding(tokens), training=training)
        return words, self.word_input(words)

    def advance(
        self, embedded: tuple, memory: Memory, carry: Carry, training: bool = False
    ) -> tuple[tuple[Tensor, ...], Tensor, Carry]:
        alpha_BKR = self.attend(memory, carry["h"])
        outputs, carry = self.advance_with(alpha_BKR, embedded, memory, carry)
        return outputs, alpha_BKR, carry

    def attend(self, memory: Memory, h_BKH: Tensor) -> Tensor:
        """Attention weights (B, K, R) of the last state."""
        return self.attention(h_BKH, memory["keys"], memory["mask"])

    def advance_with(
        self, weights_BKR: Tensor, embedded: tuple, memory: Memory, carry: Carry
    ) -> tuple[tuple[Tensor, ...], Carry]:
        """One word on, looking at the places by these weights."""
        h_BKH, c_BKH = carry["h"], carry["c"]
        z_BKF = self.gate(h_BKH) * ops.matmul(weights_BKR, memory["values"])
        inputs = embedded[1] + self.context_input(z_BKF)
        h_BKH, c_BKH = self.cell(inputs, h_BKH, c_BKH)
        return (h_BKH, z_BKF), {"h": h_BKH, "c": c_BKH}

    def read_out(self, embedded: tuple, outputs: tuple, training: bool = False) -> Tensor:
        hidden, context = outputs[:2]
        deep = ops.tanh(embedded[0] + self.hidden_output(hidden) + self.context_output(context))
        return self.logits(self.drop_output(deep, training=training))
