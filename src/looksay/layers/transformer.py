"""A transformer's blocks (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.1),
normalised before each part rather than after it (Xiong et al. 2020), which trains without warm-up.

B pictures, K captions, R places, T words, S places of the cache, N heads, H head size, F model
size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers, ops

from looksay.layers.multi_head_attention import CrossAttention, FeedForward, attend, split_heads


@keras.saving.register_keras_serializable(package="looksay")
class EncoderBlock(layers.Layer):
    """Places attend to places.

    memory_slots: see `CrossAttention`. attention_on_attention: what is seen passes a gate that
    knows the query, `sigmoid(W_g [q; v]) (W_i [q; v])` (Huang et al. 2019,
    https://arxiv.org/abs/1908.06954, eqs. 3 to 5).
    """

    def __init__(
        self,
        num_heads: int,
        head_size: int,
        feedforward_size: int,
        memory_slots: int = 0,
        attention_on_attention: bool = False,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options: dict[str, Any] = {
            "num_heads": num_heads,
            "head_size": head_size,
            "feedforward_size": feedforward_size,
            "memory_slots": memory_slots,
            "attention_on_attention": attention_on_attention,
            "dropout": dropout,
        }
        self.norm_places = layers.LayerNormalization(name="norm_places")
        self.attention = CrossAttention(num_heads, head_size, memory_slots, name="attention")
        self.norm_feedforward = layers.LayerNormalization(name="norm_feedforward")
        self.feedforward = FeedForward(feedforward_size, name="feedforward")
        self.drop = layers.Dropout(dropout, name="drop")

    def build(self, model_size: int) -> None:
        for norm in (self.norm_places, self.norm_feedforward):
            norm.build((None, None, model_size))
        self.attention.build(model_size, model_size)
        self.feedforward.build(model_size)
        if self.options["attention_on_attention"]:
            self.gate = layers.Dense(2 * model_size, name="gate")
            self.gate.build((None, None, 2 * model_size))
        self.built = True

    def call(self, places_BRF: Any, mask_BR: Any, training: bool = False) -> Any:
        """(B, R, F) -> (B, R, F)."""
        normed = self.norm_places(places_BRF)
        seen, _ = self.attention(normed, self.attention.project(normed), mask_BR)
        if self.options["attention_on_attention"]:
            gate, information = ops.split(self.gate(ops.concatenate([normed, seen], -1)), 2, -1)
            seen = ops.sigmoid(gate) * information
        places_BRF = places_BRF + self.drop(seen, training=training)
        moved = self.feedforward(self.norm_feedforward(places_BRF))
        return places_BRF + self.drop(moved, training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.options}


def region_encoder(options: Mapping[str, Any]) -> list[EncoderBlock]:
    """The blocks that a model's options ask for: `encoder_layers` of them, `layer_dropout` after
    every part, and `EncoderBlock`'s own options by their names."""
    names = ("num_heads", "head_size", "feedforward_size", "memory_slots", "attention_on_attention")
    own: dict[str, Any] = {name: options[name] for name in names}
    dropout, number = options["layer_dropout"], options["encoder_layers"]
    return [EncoderBlock(**own, dropout=dropout, name=f"encoder_{i}") for i in range(number)]


@keras.saving.register_keras_serializable(package="looksay")
class DecoderBlock(layers.Layer):
    """Words attend to the words before them and to the places of their picture."""

    def __init__(
        self,
        num_heads: int,
        head_size: int,
        feedforward_size: int,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options: dict[str, Any] = {
            "num_heads": num_heads,
            "head_size": head_size,
            "feedforward_size": feedforward_size,
            "dropout": dropout,
        }
        width = num_heads * head_size
        self.norm_words = layers.LayerNormalization(name="norm_words")
        self.word_query = layers.Dense(width, name="word_query")
        self.word_key_value = layers.Dense(2 * width, name="word_key_value")
        self.norm_places = layers.LayerNormalization(name="norm_places")
        self.places = CrossAttention(num_heads, head_size, name="places")
        self.norm_feedforward = layers.LayerNormalization(name="norm_feedforward")
        self.feedforward = FeedForward(feedforward_size, name="feedforward")
        self.drop = layers.Dropout(dropout, name="drop")

    def build(self, model_size: int, memory_size: int) -> None:
        for norm in (self.norm_words, self.norm_places, self.norm_feedforward):
            norm.build((None, None, None, model_size))
        self.word_query.build((None, None, None, model_size))
        self.word_key_value.build((None, None, None, model_size))
        self.word_output = layers.Dense(model_size, name="word_output")
        width = self.options["num_heads"] * self.options["head_size"]
        self.word_output.build((None, None, None, width))
        self.places.build(model_size, memory_size)
        self.feedforward.build(model_size)
        self.built = True

    def remember(self, words_BKTF: Any) -> tuple[Any, Any]:
        """The words normalised, and their keys and values (B, K, T, 2 x N x H), for the cache."""
        normed = self.norm_words(words_BKTF)
        return normed, self.word_key_value(normed)

    def call(
        self,
        words_BKTF: Any,
        normed_BKTF: Any,
        cache_BKSW: Any,
        allowed: Any,
        places_BSW: Any,
        mask_BR: Any,
        training: bool = False,
    ) -> tuple[Any, Any]:
        """The words one block on, (B, K, T, F), and where they looked, (B, K, T, R).

        normed, cache: as `remember` gives them, the cache with the words before. allowed: 1 where
        a word may look at a place of the cache, broadcast to (B, K, N, T, S). places: of
        `self.places.project`.
        """
        heads = self.options["num_heads"]
        keys, values = (split_heads(part, heads) for part in ops.split(cache_BKSW, 2, axis=-1))
        queries = split_heads(self.word_query(normed_BKTF), heads)
        heard, _ = attend(queries, keys, values, allowed)
        words_BKTF = words_BKTF + self.drop(self.word_output(heard), training=training)
        # the captions of a picture are one row of queries: its places are not copied for them
        batch, captions, length, size = ops.shape(words_BKTF)
        row = ops.reshape(self.norm_places(words_BKTF), (batch, captions * length, size))
        seen, looked = self.places(row, places_BSW, mask_BR)
        seen = ops.reshape(seen, (batch, captions, length, size))
        looked_BKTR = ops.reshape(looked, (batch, captions, length, looked.shape[-1]))
        words_BKTF = words_BKTF + self.drop(seen, training=training)
        moved = self.feedforward(self.norm_feedforward(words_BKTF))
        return words_BKTF + self.drop(moved, training=training), looked_BKTR

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.options}
