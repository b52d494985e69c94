"""Bottom-up and top-down attention (Anderson et al. 2018, https://arxiv.org/abs/1707.07998), on the
regions of a detector or on a grid.

B pictures, K captions or beams, R regions or places, D feature size, E embedding, H hidden.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from looksay.layers import AdditiveAttention, LSTMCell, mean_of_places
from looksay.models.base import CaptionModel, Carry, Memory, Tensor


@keras.saving.register_keras_serializable(package="looksay")
class UpDown(CaptionModel):
    """Two LSTMs: one decides where to look, the other what to say.

    - `h1_t = LSTM([h2_{t-1}; mean(v); W_e w_t])` (eq. 2).
    - `a_i = w_a . tanh(W_v v_i + W_h h1_t)`, without biases; `alpha = softmax(a)` (eqs. 3, 4).
    - `h2_t = LSTM([sum_i alpha_i v_i; h1_t])` (eq. 6), `p = softmax(W_p h2_t + b_p)` (eq. 7).

    embedding_size: E. hidden_size: H, of both. The first states are zero. The paper has no
    dropout.
    """

    def __init__(
        self,
        *,
        embedding_size: int = 1000,
        hidden_size: int = 1000,
        attention_size: int = 512,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options = {
            "embedding_size": embedding_size,
            "hidden_size": hidden_size,
            "attention_size": attention_size,
        }
        self.embedding = layers.Embedding(self.vocabulary_size, embedding_size, name="embedding")
        self.top_down = LSTMCell(hidden_size, name="top_down")
        self.language = LSTMCell(hidden_size, name="language")
        gates = self.top_down.input_size
        self.word_input = layers.Dense(gates, use_bias=False, name="word_input")
        self.picture_input = layers.Dense(gates, use_bias=False, name="picture_input")
        self.language_feedback = layers.Dense(gates, use_bias=False, name="language_feedback")
        self.attention = AdditiveAttention(attention_size, use_bias=False, name="attention")
        self.context_input = layers.Dense(gates, use_bias=False, name="context_input")
        self.top_down_input = layers.Dense(gates, use_bias=False, name="top_down_input")
        self.logits = layers.Dense(self.vocabulary_size, dtype="float32", name="logits")

    def build(self, input_shape: Any = None) -> None:
        hidden = self.options["hidden_size"]
        self.embedding.build((None, None))
        self.top_down.build()
        self.language.build()
        self.word_input.build((None, None, self.options["embedding_size"]))
        self.picture_input.build((None, self.feature_size))
        self.attention.build(self.feature_size, hidden)
        self.context_input.build((None, None, self.feature_size))
        for layer in (self.language_feedback, self.top_down_input, self.logits):
            layer.build((None, None, hidden))
        self.built = True

    def encode(
        self, features_BRD: Tensor, mask_BR: Tensor, training: bool = False
    ) -> tuple[Memory, Carry]:
        values_BRD = ops.cast(features_BRD, self.compute_dtype)
        values_BRD = self.drop_features(values_BRD, training=training)
        picture_B1G = self.picture_input(mean_of_places(values_BRD, mask_BR))[:, None]
        start_B1H = ops.zeros_like(picture_B1G[..., : self.options["hidden_size"]])
        memory = {
            "values": values_BRD,
            "keys": self.attention.project(values_BRD),
            "mask": ops.cast(mask_BR, values_BRD.dtype),
            "picture": picture_B1G,
        }
        return memory, dict.fromkeys(("h1", "c1", "h2", "c2"), start_B1H)

    def embed(self, tokens: Tensor, training: bool = False) -> tuple[Tensor, ...]:
        return (self.word_input(self.drop_words(self.embedding(tokens), training=training)),)

    def advance(
        self, embedded: tuple, memory: Memory, carry: Carry, training: bool = False
    ) -> tuple[tuple[Tensor, ...], Tensor, Carry]:
        inputs = embedded[0] + memory["picture"] + self.language_feedback(carry["h2"])
        h1_BKH, c1_BKH = self.top_down(inputs, carry["h1"], carry["c1"])
        alpha_BKR = self.attention(h1_BKH, memory["keys"], memory["mask"])
        seen_BKG = self.context_input(ops.matmul(alpha_BKR, memory["values"]))
        inputs = seen_BKG + self.top_down_input(h1_BKH)
        h2_BKH, c2_BKH = self.language(inputs, carry["h2"], carry["c2"])
        carry = {"h1": h1_BKH, "c1": c1_BKH, "h2": h2_BKH, "c2": c2_BKH}
        return (h2_BKH,), alpha_BKR, carry

    def read_out(self, embedded: tuple, outputs: tuple, training: bool = False) -> Tensor:
        return self.logits(self.drop_output(outputs[0], training=training))
