"""How sure the model is of a caption, as the library's verbs ask it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from looksay.captioner import Caption


def mean_word_probability(caption: Caption) -> float:
    """The geometric mean of the probabilities that the model gave to the caption's words.

    It says how easily the words came, not how often such captions are right: it orders captions
    of one model, and stands in for a calibrated probability.
    """
    if len(caption.log_probs) == 0:
        return 0.0
    return math.exp(min(float(caption.log_probs.mean()), 0.0))
