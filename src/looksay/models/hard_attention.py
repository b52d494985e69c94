"""Hard attention: Show, Attend and Tell's stochastic model (Xu et al. 2015,
https://arxiv.org/abs/1502.03044, section 4.1).

B pictures, C captions, K captions or beams, R places, T words.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from looksay.models.base import Carry, Memory, Notes, Tensor
from looksay.models.show_attend_tell import ShowAttendTell

_TINY = 1e-6  # keeps logarithms finite where a place is masked


@keras.saving.register_keras_serializable(package="looksay")
class HardAttention(ShowAttendTell):
    """For each word one place is looked at, `s_t ~ Multinoulli(alpha_t)` (eq. 8).

    - Training samples the place; with probability `soft_share` a word takes the weights `alpha`
      instead, as in soft attention (the half-soft trick, section 4.1).
    - The weights learn by REINFORCE (eq. 13): each word's log-probability, less the baseline, an
      average of it over the steps so far (0.9 and 0.1), weighs `log alpha(s_t)`; the entropy of
      `alpha` is rewarded. Our choice: a place is rewarded by its own word rather than by the whole
      sentence, which varies less.
    - Inference takes the likeliest place, and that place is its attention.

    reinforce_weight: of the policy's term (0.1, the author's code divides by 10). entropy_weight:
    of the entropy (0.002, the author's).
    """

    word_notes = ("log_place", "entropy")

    def __init__(
        self,
        *,
        soft_share: float = 0.5,
        reinforce_weight: float = 0.1,
        entropy_weight: float = 0.002,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options |= {
            "soft_share": soft_share,
            "reinforce_weight": reinforce_weight,
            "entropy_weight": entropy_weight,
        }
        self.random = keras.random.SeedGenerator()

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.baseline = self.add_weight((), "zeros", trainable=False, name="baseline")

    def advance(
        self, embedded: tuple, memory: Memory, carry: Carry, training: bool = False
    ) -> tuple[tuple[Tensor, ...], Tensor, Carry]:
        alpha_BKR = self.attend(memory, carry["h"])
        if not training:
            place_BKR = _best(alpha_BKR)
            outputs, carry = self.advance_with(place_BKR, embedded, memory, carry)
            return outputs, place_BKR, carry
        log_alpha_BKR = ops.log(ops.cast(alpha_BKR, "float32") + _TINY)
        place_BKR = _best(log_alpha_BKR + self._gumbel(log_alpha_BKR))
        draw = keras.random.uniform(ops.shape(alpha_BKR[..., :1]), seed=self.random)
        soft_BK1 = ops.cast(draw < self.options["soft_share"], alpha_BKR.dtype)
        weights_BKR = soft_BK1 * alpha_BKR + (1.0 - soft_BK1) * ops.cast(place_BKR, alpha_BKR.dtype)
        outputs, carry = self.advance_with(weights_BKR, embedded, memory, carry)
        # where the weights were taken no place was chosen, so none is to be praised or blamed
        hard_BK1 = ops.cast(1.0 - soft_BK1, "float32")
        log_place_BK1 = hard_BK1 * ops.sum(place_BKR * log_alpha_BKR, -1, keepdims=True)
        entropy_BK1 = -ops.sum(ops.exp(log_alpha_BKR) * log_alpha_BKR, -1, keepdims=True)
        return (*outputs, log_place_BK1, entropy_BK1), alpha_BKR, carry

    def _gumbel(self, like: Tensor) -> Tensor:
        """Noise whose argmax with log-probabilities is a sample of them (Gumbel 1954)."""
        uniform = keras.random.uniform(ops.shape(like), _TINY, 1.0 - _TINY, seed=self.random)
        return -ops.log(-ops.log(uniform))

    def extra_loss(self, x: Any, notes: Notes, entropy_BCT: Tensor, words_BCT: Tensor) -> Tensor:
        reward_BCT = -ops.stop_gradient(entropy_BCT)
        number = ops.maximum(ops.sum(words_BCT), 1.0)
        praise_BCT = (reward_BCT - self.baseline) * words_BCT * notes["log_place"][..., 0]
        self.baseline.assign(0.9 * self.baseline + 0.1 * ops.sum(reward_BCT) / number)
        unsure_BCT = notes["entropy"][..., 0] * words_BCT
        options = self.options
        wanted = options["reinforce_weight"] * praise_BCT + options["entropy_weight"] * unsure_BCT
        return -ops.sum(wanted) / number


def _best(scores_BKR: Tensor) -> Tensor:
    """1 at the best place; equal ones share it. Keras's argmax has no counterpart in ONNX."""
    best = ops.cast(scores_BKR >= ops.max(scores_BKR, -1, keepdims=True), scores_BKR.dtype)
    return best / ops.sum(best, -1, keepdims=True)
