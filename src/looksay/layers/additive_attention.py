"""Additive attention (Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473, eq. 6).

B pictures, K captions or beams of a picture, R places, D feature size, A attention size,
H size of the query.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

# added to the score of a place that does not exist: exp() of it is 0 in float16 too
MASKED_SCORE = -3e4


@keras.saving.register_keras_serializable(package="looksay")
class AdditiveAttention(keras.layers.Layer):
    """`alpha = softmax(v . tanh(W1 a_i + W2 h))` over the R places.

    `project` computes `W1 a_i` once a picture; the call does the rest, once a word. All K captions
    of a picture read the same keys, which are never copied.

    units: A, the size inside the tanh. use_bias: whether there is a bias inside it.
    """

    def __init__(self, units: int, use_bias: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.use_bias = units, use_bias
        self.keys = keras.layers.Dense(units, use_bias=use_bias, name="keys")
        # the bias of the keys serves both: two would be one parameter written twice
        self.query = keras.layers.Dense(units, use_bias=False, name="query")
        # softmax is indifferent to a constant, so the score needs no bias
        self.score = keras.layers.Dense(1, use_bias=False, name="score")

    def build(self, feature_size: int, query_size: int) -> None:
        self.keys.build((None, None, feature_size))
        self.query.build((None, None, query_size))
        self.score.build((None, None, None, self.units))
        self.built = True

    def project(self, features_BRD: Any) -> Any:
        """Keys (B, R, A) of a picture's features."""
        return self.keys(features_BRD)

    def call(self, query_BKH: Any, keys_BRA: Any, mask_BR: Any, inside_B1A: Any = 0.0) -> Any:
        """Attention weights (B, K, R), 0 where the mask is 0. inside: what else of the picture
        stands inside the tanh."""
        return ops.softmax(self.scores(self.query(query_BKH) + inside_B1A, keys_BRA, mask_BR))

    def scores(self, query_BKA: Any, keys_BRA: Any, mask_BR: Any) -> Any:
        """`v . tanh(...)` (B, K, R) of a projected query; far below all others where the mask is
        0."""
        scores_BKR = self.inside(keys_BRA[:, None] + query_BKA[:, :, None])
        masked = (1.0 - ops.cast(mask_BR, scores_BKR.dtype)) * MASKED_SCORE
        return scores_BKR + masked[:, None]

    def inside(self, sum_A: Any) -> Any:
        """`v . tanh(sum)`, (..., A) -> (...)."""
        return ops.squeeze(self.score(ops.tanh(sum_A)), -1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "use_bias": self.use_bias}
