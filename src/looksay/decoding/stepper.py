"""The contract between a captioning model and everything that makes words with it.

B pictures, K beams or samples of one picture, R places, D feature size, V vocabulary.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

Memory = dict[str, np.ndarray]
"""What belongs to a picture, arrays (B, ...): computed once, shared by its beams."""

Carry = dict[str, np.ndarray]
"""What belongs to a sentence, arrays (B, K, ...): the recurrent state, reordered with the beams."""


class Stepper(Protocol):
    """A model seen as `encode` once, then `step` for each word.

    A Keras model and a bundle's graphs are both wrapped into one, so decoding exists once.
    """

    def encode(self, features_BRD: np.ndarray, mask_BR: np.ndarray | None) -> tuple[Memory, Carry]:
        """The pictures' memory and the first carry, whose K is 1.

        `mask_BR` is 1 where a place counts and 0 where it is padding; None: all count.
        """
        ...

    def step(
        self, tokens_BK: np.ndarray, memory: Memory, carry: Carry
    ) -> tuple[np.ndarray, np.ndarray, Carry]:
        """One word on: log_probs (B, K, V), attention (B, K, R) and the next carry.

        Tokens are int32. The log-probabilities are float32 and normalised (a log-softmax), and may
        be overwritten by the next call; attention and carry must stay as they are.
        """
        ...
