"""The limit on a caption's length, from the captions themselves or by decree."""

from __future__ import annotations

import math
from collections.abc import Iterable

from looksay.errors import DataError, UsageError


def max_tokens(
    lengths: Iterable[int], *, percentile: float | None = None, value: int | None = None
) -> int:
    """The limit that covers all captions, `percentile` per cent of them, or `value` tokens.

    The result has the unit of `lengths`: give `len(vocabulary.encode(words))` of the training
    captions, END included, and the result is the `max_tokens` of `Vocabulary.encode`. It is never
    more than the longest caption needs, as padding beyond that is waste.
    """
    ordered = sorted(lengths)
    if not ordered:
        raise DataError("There are no captions to take a length from.")
    if percentile is not None and value is not None:
        raise UsageError("Limit the captions by percentile or by value, not by both.")
    if value is not None:
        if value < 1:
            raise UsageError(f"A caption cannot be limited to {value} tokens; give 1 or more.")
        return min(value, ordered[-1])
    if percentile is None:
        return ordered[-1]
    if not 0 < percentile <= 100:
        raise UsageError(f"The percentile {percentile} of lengths is not above 0 and up to 100.")
    return ordered[math.ceil(percentile / 100 * len(ordered)) - 1]
