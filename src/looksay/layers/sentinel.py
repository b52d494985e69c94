"""Attention that may look away from the picture: Adaptive Attention via a Visual Sentinel (Lu et
al. 2017, https://arxiv.org/abs/1612.01887, section 2.2).

B pictures, K captions or beams, R places, H hidden, A attention size.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from looksay.layers.additive_attention import AdditiveAttention


@keras.saving.register_keras_serializable(package="looksay")
class SentinelAttention(keras.layers.Layer):
    """Additive attention over the R places and one that is not in the picture, the sentinel.

    `alpha_hat = softmax([z; w . tanh(W_s s + W_g h)])` (eq. 12), where `z` are the places' scores
    (eq. 6). The last of the weights is the sentinel's, `beta`: how little the word needs the
    picture. units: A, the size inside the tanh.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.places = AdditiveAttention(units, name="places")
        self.sentinel = keras.layers.Dense(units, use_bias=False, name="sentinel")

    def build(self, feature_size: int, query_size: int) -> None:
        self.places.build(feature_size, query_size)
        self.sentinel.build((None, None, query_size))
        self.built = True

    def project(self, features_BRD: Any) -> Any:
        """Keys (B, R, A) of a picture's features."""
        return self.places.project(features_BRD)

    def call(
        self, query_BKH: Any, keys_BRA: Any, mask_BR: Any, sentinel_BKH: Any
    ) -> tuple[Any, Any]:
        """The places' weights (B, K, R) and the sentinel's (B, K, 1), which add up to 1."""
        query_BKA = self.places.query(query_BKH)
        scores_BKR = self.places.scores(query_BKA, keys_BRA, mask_BR)
        away_BK = self.places.inside(self.sentinel(sentinel_BKH) + query_BKA)
        weights_BKS = ops.softmax(ops.concatenate([scores_BKR, away_BK[..., None]], -1))
        return weights_BKS[..., :-1], weights_BKS[..., -1:]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
