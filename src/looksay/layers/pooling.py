"""What a picture is as a whole.

B pictures, R places, D feature size.
"""

from __future__ import annotations

from typing import Any

from keras import ops


def mean_of_places(values_BRD: Any, mask_BR: Any) -> Any:
    """The mean (B, D) of the places that exist; 0 where none does."""
    mask_BR = ops.cast(mask_BR, values_BRD.dtype)
    number_B1 = ops.maximum(ops.sum(mask_BR, 1, keepdims=True), 1.0)
    return ops.sum(values_BRD * mask_BR[..., None], 1) / number_B1
