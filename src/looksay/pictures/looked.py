"""How much a word looked at the picture at all, where the model can look away from it.

T words.
"""

from __future__ import annotations

import numpy as np

_ROUNDING = 0.01  # of weights that add up to 1, in bfloat16


def looked(looks: np.ndarray) -> list[float] | None:
    """The share (T,) of each word's look that fell on the picture, 0 to 1; None where each word
    looked at nothing else, so that there is nothing to tell.

    looks: weights (T, ...). What is missing to 1 went to the visual sentinel (Lu et al. 2017, eq.
    13: `1 - beta`).
    """
    shares_T = looks.sum(axis=tuple(range(1, looks.ndim)), dtype=np.float64)
    if shares_T.min(initial=1) > 1 - _ROUNDING:
        return None
    return [float(share) for share in np.clip(shares_T, 0, 1)]


def tell(share: float) -> str:
    """A share in words."""
    return f"looked {round(100 * share)} %"
