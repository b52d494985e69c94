"""Captions of many pictures from their features, and the format in which COCO wants them.

B pictures, R places, D feature size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from looksay.decoding import DecodingOptions, Hypothesis, Stepper, decode


def decode_split(
    stepper: Stepper,
    features_NRD: np.ndarray,
    rows: np.ndarray,
    options: DecodingOptions,
    *,
    batch_size: int = 64,
) -> list[Hypothesis]:
    """The best caption of each picture, from the rows of a feature store."""
    best = []
    for start in range(0, len(rows), batch_size):
        features_BRD = features_NRD[rows[start : start + batch_size]].astype(np.float32)
        numbers = range(start, start + len(features_BRD))
        found = decode(stepper, features_BRD, options, numbers=numbers)
        best += [hypotheses[0] for hypotheses in found]
    return best


def to_coco_results(captions: Mapping[str, str]) -> list[dict[str, Any]]:
    """COCO's results format: [{"image_id", "caption"}]. Ids that are numbers become numbers; a
    file's name stays as it is."""
    return [
        {"image_id": int(name) if name.isdecimal() else name, "caption": caption}
        for name, caption in captions.items()
    ]
