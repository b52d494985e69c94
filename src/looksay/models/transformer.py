"""A transformer that captions (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762), with a
region encoder on request (Cornia et al. 2020, Huang et al. 2019).

B pictures, K captions or beams, C captions, R places, T words, S places of the cache, L layers, N
heads, H head size, F model size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from looksay.layers import DecoderBlock, region_encoder
from looksay.models.base import CaptionModel, Carry, Memory, Notes, Tensor
from looksay.models.staircase import pack, pad_columns


@keras.saving.register_keras_serializable(package="looksay")
class Transformer(CaptionModel):
    """Causal self-attention over the words, cross-attention over the places.

    - Places are projected to F and, with `encoder_layers`, attend to one another first. They carry
      no position: features come from a trunk that has seen the whole picture, and regions have no
      order.
    - Words are embedded, with sinusoidal positions (section 3.5).
    - The carry is a key-value cache of a fixed `max_words` places for each layer.
    - A word's attention is the mean of the heads of the last layer's cross-attention.

    hidden_size: F. feedforward_size: inside the position-wise networks. max_words: the longest
    caption, with its end. memory_slots and attention_on_attention: of the encoder, see
    `looksay.layers.transformer.EncoderBlock`. layer_dropout: a share, after every part of a
    layer.
    """

    def __init__(
        self,
        *,
        hidden_size: int = 512,
        feedforward_size: int = 1024,
        head_size: int = 64,
        num_heads: int = 8,
        num_layers: int = 2,
        encoder_layers: int = 0,
        memory_slots: int = 0,
        attention_on_attention: bool = False,
        max_words: int = 64,
        layer_dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options = {
            "hidden_size": hidden_size,
            "feedforward_size": feedforward_size,
            "head_size": head_size,
            "num_heads": num_heads,
            "num_layers": num_layers,
            "encoder_layers": encoder_layers,
            "memory_slots": memory_slots,
            "attention_on_attention": attention_on_attention,
            "max_words": max_words,
            "layer_dropout": layer_dropout,
        }
        self.places = layers.Dense(hidden_size, name="places")
        self.encoder = region_encoder(self.options)
        self.norm_places = layers.LayerNormalization(name="norm_places")
        self.embedding = layers.Embedding(self.vocabulary_size, hidden_size, name="embedding")
        sizes = (num_heads, head_size, feedforward_size)
        self.decoder = [
            DecoderBlock(*sizes, dropout=layer_dropout, name=f"decoder_{i}")
            for i in range(num_layers)
        ]
        self.norm_words = layers.LayerNormalization(name="norm_words")
        self.logits = layers.Dense(self.vocabulary_size, dtype="float32", name="logits")
        self.positions_SF = sinusoids(max_words, hidden_size)

    def build(self, input_shape: Any = None) -> None:
        hidden = self.options["hidden_size"]
        self.places.build((None, None, self.feature_size))
        for block in self.encoder:
            block.build(hidden)
        self.norm_places.build((None, None, hidden))
        self.embedding.build((None, None))
        for block in self.decoder:
            block.build(hidden, hidden)
        self.norm_words.build((None, None, None, hidden))
        self.logits.build((None, None, hidden))
        self.built = True

    def encode(
        self, features_BRD: Tensor, mask_BR: Tensor, training: bool = False
    ) -> tuple[Memory, Carry]:
        features_BRD = ops.cast(features_BRD, self.compute_dtype)
        places_BRF = self.places(self.drop_features(features_BRD, training=training))
        mask_BR = ops.cast(mask_BR, places_BRF.dtype)
        for block in self.encoder:
            places_BRF = block(places_BRF, mask_BR, training=training)
        places_BRF = self.norm_places(places_BRF)
        memory = {f"places_{i}": b.places.project(places_BRF) for i, b in enumerate(self.decoder)}
        width = 2 * self.options["num_heads"] * self.options["head_size"]
        empty = ops.zeros((1, 1, self.options["max_words"], width), places_BRF.dtype)
        none_B111 = ops.zeros_like(places_BRF[:, :1, :1, None])
        carry = {f"cache_{i}": none_B111 + empty for i in range(len(self.decoder))}
        return {**memory, "mask": mask_BR}, {**carry, "position": none_B111[..., 0]}

    def embed(self, tokens: Tensor, training: bool = False) -> tuple[Tensor, ...]:
        words = self.embedding(tokens) * self.options["hidden_size"] ** 0.5
        return (self.drop_words(words, training=training),)

    def advance(
        self, embedded: tuple, memory: Memory, carry: Carry, training: bool = False
    ) -> tuple[tuple[Tensor, ...], Tensor, Carry]:
        # a sentence longer than the cache goes on in its last place
        last = self.options["max_words"] - 1
        position_BK1 = ops.minimum(carry["position"], last)
        slots_S = ops.arange(last + 1, dtype=position_BK1.dtype)
        here_BKS = ops.cast(ops.equal(slots_S, position_BK1), position_BK1.dtype)
        until_BKS = ops.cast(ops.less_equal(slots_S, position_BK1), position_BK1.dtype)
        positions_SF = ops.cast(self.positions_SF, position_BK1.dtype)
        words = (embedded[0] + ops.matmul(here_BKS, positions_SF))[:, :, None]
        after = {"position": carry["position"] + 1}

        def remember(name: str, fresh_BK1W: Tensor) -> Tensor:
            cache, here = carry[name], here_BKS[..., None]
            after[name] = cache * (1.0 - here) + fresh_BK1W * here
            return after[name]

        words, looked = self._decode(words, memory, until_BKS[:, :, None, None], remember)
        return (words[:, :, 0],), looked[:, :, 0], after

    def roll_out(
        self, memory: Memory, carry: Carry, columns: Sequence[Tensor], training: bool
    ) -> tuple[Tensor, Tensor, Notes]:
        """All words at once, each seeing those before it only."""
        lengths = [column.shape[1] for column in columns]
        words_BCTF = self.embed(pad_columns(columns), training)[0]
        positions_TF = ops.cast(self.positions_SF[: lengths[0]], words_BCTF.dtype)
        causal_TT = np.tril(np.ones((lengths[0], lengths[0]), np.float32))
        words, looked = self._decode(
            words_BCTF + positions_TF, memory, causal_TT, lambda _, fresh: fresh, training
        )
        words, looked = pack(words, lengths), pack(looked, lengths)
        return self.read_out((), (words,), training), looked, {}

    def _decode(
        self,
        words_BKTF: Tensor,
        memory: Memory,
        allowed: Any,
        remember: Any,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Words through all layers, and where they looked in the last; `remember` makes the keys
        and values of a layer's new words those of all words that may be attended to."""
        for i, block in enumerate(self.decoder):
            normed, fresh = block.remember(words_BKTF)
            cache = remember(f"cache_{i}", fresh)
            words_BKTF, looked_BKTR = block(
                words_BKTF, normed, cache, allowed, memory[f"places_{i}"], memory["mask"],
                training=training,
            )  # fmt: skip
        return self.norm_words(words_BKTF), looked_BKTR

    def read_out(self, embedded: tuple, outputs: tuple, training: bool = False) -> Tensor:
        return self.logits(self.drop_output(outputs[0], training=training))


def sinusoids(length: int, size: int) -> np.ndarray:
    """Sines and cosines of falling frequencies for each position, (S, F) (section 3.5)."""
    half = np.arange((size + 1) // 2)
    angles = np.arange(length)[:, None] / 10000.0 ** (2 * half / size)
    return np.stack([np.sin(angles), np.cos(angles)], -1).reshape(length, -1)[:, :size].astype("f")
