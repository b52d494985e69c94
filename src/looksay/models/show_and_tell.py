"""The classic encoder-decoder without attention: Show and Tell (Vinyals et al. 2015,
https://arxiv.org/abs/1411.4555), the baseline that attention has to beat.

B pictures, K captions or beams, R places, D feature size, E embedding, H hidden, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from looksay.layers import LSTMCell
from looksay.models.base import CaptionModel, Carry, Memory, Tensor


@keras.saving.register_keras_serializable(package="looksay")
class ShowAndTell(CaptionModel):
    """The mean feature is the LSTM's first input, each word the next (eqs. 10 to 12).

    - `x_{-1} = W_I mean(a)`, `x_t = W_e w_t`, `p = softmax(W_p h_t)`.
    - The picture is seen once, before the first word. What stands for attention is that mean: all
      places alike, for every word.

    embedding_size: E, of words and of the picture. hidden_size: H.
    """

    def __init__(
        self,
        *,
        embedding_size: int = 512,
        hidden_size: int = 512,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options = {
            "embedding_size": embedding_size,
            "hidden_size": hidden_size,
        }
        self.picture = layers.Dense(embedding_size, name="picture")
        self.embedding = layers.Embedding(self.vocabulary_size, embedding_size, name="embedding")
        self.cell = LSTMCell(hidden_size, name="cell")
        self.word_input = layers.Dense(self.cell.input_size, use_bias=False, name="word_input")
        self.logits = layers.Dense(self.vocabulary_size, dtype="float32", name="logits")

    def build(self, input_shape: Any = None) -> None:
        embedding, hidden = self.options["embedding_size"], self.options["hidden_size"]
        self.picture.build((None, None, self.feature_size))
        self.embedding.build((None, None))
        self.cell.build()
        self.word_input.build((None, None, embedding))
        self.logits.build((None, None, hidden))
        self.built = True

    def encode(
        self, features_BRD: Tensor, mask_BR: Tensor, training: bool = False
    ) -> tuple[Memory, Carry]:
        features_BRD = ops.cast(features_BRD, self.compute_dtype)
        mask_BR = ops.cast(mask_BR, features_BRD.dtype)
        even_BR = mask_BR / ops.maximum(ops.sum(mask_BR, 1, keepdims=True), 1.0)
        mean_B1D = ops.matmul(even_BR[:, None], features_BRD)
        picture_B1E = self.picture(self.drop_features(mean_B1D, training=training))
        first = self.word_input(picture_B1E)
        zero = ops.zeros_like(first[..., : self.cell.units])
        h_B1H, c_B1H = self.cell(first, zero, zero)
        return {"even": even_BR}, {"h": h_B1H, "c": c_B1H}

    def embed(self, tokens: Tensor, training: bool = False) -> tuple[Tensor, ...]:
        return (self.word_input(self.drop_words(self.embedding(tokens), training=training)),)

    def advance(
        self, embedded: tuple, memory: Memory, carry: Carry, training: bool = False
    ) -> tuple[tuple[Tensor, ...], Tensor, Carry]:
        h_BKH, c_BKH = self.cell(embedded[0], carry["h"], carry["c"])
        even_BKR = memory["even"][:, None] * ops.ones_like(h_BKH[..., :1])
        return (h_BKH,), even_BKR, {"h": h_BKH, "c": c_BKH}

    def read_out(self, embedded: tuple, outputs: tuple, training: bool = False) -> Tensor:
        return self.logits(self.drop_output(outputs[0], training=training))
