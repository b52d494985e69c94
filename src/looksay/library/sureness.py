"""How sure the model is of a caption, and how sure it must be to write without being asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from looksay.captioner import Caption

SURE_ENOUGH = 0.5  # of a calibrated probability: rather right than not

# Of the shipped model's captions of 500 dev photographs of Flickr8k, those with a mean word
# probability from 0.7 on (46%) score CIDEr 77, as a person's do (79); all of them score 58.
WORDS_SURE_ENOUGH = 0.7


class Sureness(NamedTuple):
    """value: from 0 to 1. calibrated: whether it is the probability that the caption is right
    (`Caption.confidence`), or else the mean probability of its words."""

    value: float
    calibrated: bool

    def enough(self, wanted: float | None = None) -> bool:
        """Whether it is as high as `wanted`, or as its kind must be where nothing is wanted."""
        if wanted is None:
            wanted = SURE_ENOUGH if self.calibrated else WORDS_SURE_ENOUGH
        return self.value >= wanted

    @property
    def meaning(self) -> str:
        """What the value is, in words."""
        return "calibrated" if self.calibrated else "mean word probability"


def how_sure(caption: Caption) -> Sureness:
    """The model's calibrated confidence where it has one for such captions; else the geometric mean
    of the words' probabilities, which says how easily they came, not how often they are right."""
    if caption.confidence is not None:
        return Sureness(caption.confidence, True)
    if len(caption.log_probs) == 0:
        return Sureness(0.0, False)
    return Sureness(math.exp(min(float(caption.log_probs.mean()), 0.0)), False)
