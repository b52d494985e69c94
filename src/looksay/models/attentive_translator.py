"""A picture translated like a sentence, after MAT, the multimodal attentive translator (Liu et al.
2017, https://arxiv.org/abs/1702.05658).

B pictures, K captions or beams, R objects or places, S = R + 1 steps of the encoder, D feature
size, E embedding, H hidden, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from looksay.layers import AdditiveAttention, LSTMCell, mean_of_places
from looksay.models.base import CaptionModel, Carry, Memory, Tensor


@keras.saving.register_keras_serializable(package="looksay")
class AttentiveTranslator(CaptionModel):
    """The objects, one after another, are the source sentence; its states are attended to.

    - `h_s = LSTM_en(W seq(I)_s, h_{s-1})`; the decoder starts from the last state.
    - `C_t = sum_s alpha_ts h_s`, `p(w_t) = softmax(W_p d_t)`, `d_t = LSTM_de([w_{t-1}; C_t])`.

    After the paper, since not all of it is known. Our choices: the sequence has the objects in the
    order of the features (a detector's by falling score) and then the whole picture, the mean of
    them; attention is additive; an object that is masked leaves the encoder's state as it is.
    Attention is that of the R objects; what the whole picture's state was given is missing from it,
    so that it adds up to less than 1. The order matters here as nowhere else.

    embedding_size: E. hidden_size: H, of both LSTMs.
    """

    looks_away = True
    places_in_order = True

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
        self.encoder = LSTMCell(hidden_size, name="encoder")
        gates = self.encoder.input_size
        self.object_input = layers.Dense(gates, use_bias=False, name="object_input")
        self.embedding = layers.Embedding(self.vocabulary_size, embedding_size, name="embedding")
        self.attention = AdditiveAttention(attention_size, name="attention")
        self.decoder = LSTMCell(hidden_size, name="decoder")
        self.word_input = layers.Dense(gates, use_bias=False, name="word_input")
        self.context_input = layers.Dense(gates, use_bias=False, name="context_input")
        self.logits = layers.Dense(self.vocabulary_size, dtype="float32", name="logits")

    def build(self, input_shape: Any = None) -> None:
        hidden = self.options["hidden_size"]
        self.encoder.build()
        self.object_input.build((None, None, self.feature_size))
        self.embedding.build((None, None))
        self.attention.build(hidden, hidden)
        self.decoder.build()
        self.word_input.build((None, None, self.options["embedding_size"]))
        self.context_input.build((None, None, hidden))
        self.logits.build((None, None, hidden))
        self.built = True

    def encode(
        self, features_BRD: Tensor, mask_BR: Tensor, training: bool = False
    ) -> tuple[Memory, Carry]:
        objects_BRD = ops.cast(features_BRD, self.compute_dtype)
        objects_BRD = self.drop_features(objects_BRD, training=training)
        mask_BR = ops.cast(mask_BR, objects_BRD.dtype)
        whole_B1D = mean_of_places(objects_BRD, mask_BR)[:, None]
        inputs_BSG = self.object_input(ops.concatenate([objects_BRD, whole_B1D], 1))
        mask_BS = ops.concatenate([mask_BR, ops.ones_like(mask_BR[:, :1])], 1)
        states_BSH, h_BH, c_BH = self._read_objects(inputs_BSG, mask_BS)
        keys_BSA = self.attention.project(states_BSH)
        memory = {"states": states_BSH, "keys": keys_BSA, "mask": mask_BS}
        return memory, {"h": h_BH[:, None], "c": c_BH[:, None]}

    def _read_objects(self, inputs_BSG: Tensor, mask_BS: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The encoder's states (B, S, H) and its last state (B, H), twice."""
        h_BH = c_BH = ops.zeros_like(inputs_BSG[:, 0, : self.encoder.units])
        states = []
        for step in range(inputs_BSG.shape[1]):
            next_h, next_c = self.encoder(inputs_BSG[:, step], h_BH, c_BH)
            real_B1 = mask_BS[:, step, None]
            h_BH = real_B1 * next_h + (1.0 - real_B1) * h_BH
            c_BH = real_B1 * next_c + (1.0 - real_B1) * c_BH
            states.append(h_BH)
        return ops.stack(states, 1), h_BH, c_BH

    def embed(self, tokens: Tensor, training: bool = False) -> tuple[Tensor, ...]:
        return (self.word_input(self.drop_words(self.embedding(tokens), training=training)),)

    def advance(
        self, embedded: tuple, memory: Memory, carry: Carry, training: bool = False
    ) -> tuple[tuple[Tensor, ...], Tensor, Carry]:
        alpha_BKS = self.attention(carry["h"], memory["keys"], memory["mask"])
        context_BKG = self.context_input(ops.matmul(alpha_BKS, memory["states"]))
        h_BKH, c_BKH = self.decoder(embedded[0] + context_BKG, carry["h"], carry["c"])
        return (h_BKH,), alpha_BKS[..., :-1], {"h": h_BKH, "c": c_BKH}

    def read_out(self, embedded: tuple, outputs: tuple, training: bool = False) -> Tensor:
        return self.logits(self.drop_output(outputs[0], training=training))
