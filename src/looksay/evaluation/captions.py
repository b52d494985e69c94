"""Captions of many pictures from their features, and the format in which COCO wants them.

B pictures, R places, D feature size.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from looksay.data.coco import coco_number
from looksay.decoding import DecodingOptions, Hypothesis, Recall, Stepper, decode


def decode_split(
    stepper: Stepper,
    features_NRD: np.ndarray,
    rows: np.ndarray,
    options: DecodingOptions,
    masks_NR: np.ndarray | None = None,
    *,
    batch_size: int = 64,
) -> list[Hypothesis]:
    """The best caption of each picture, as `search_split` finds it without a consensus."""
    options = dataclasses.replace(options, consensus=0.0)
    found = search_split(stepper, features_NRD, rows, options, masks_NR, batch_size=batch_size)
    return [hypotheses[0] for hypotheses in found]


def search_split(
    stepper: Stepper,
    features_NRD: np.ndarray,
    rows: np.ndarray,
    options: DecodingOptions,
    masks_NR: np.ndarray | None = None,
    *,
    recall: Recall | None = None,
    batch_size: int = 64,
) -> list[list[Hypothesis]]:
    """The captions of each picture, best first, from the rows of a feature store; `masks_NR` says
    which of a row's regions count, None: all do. `recall` gives the options' consensus."""
    found = []
    for start in range(0, len(rows), batch_size):
        part = rows[start : start + batch_size]
        features_BRD = features_NRD[part].astype(np.float32)
        mask_BR = None if masks_NR is None else masks_NR[part]
        numbers = range(start, start + len(features_BRD))
        found += decode(stepper, features_BRD, options, mask_BR, numbers=numbers, recall=recall)
    return found


def to_coco_results(captions: Mapping[str, str]) -> list[dict[str, Any]]:
    """COCO's results format: [{"image_id", "caption"}].

    Ids that are numbers become numbers, and so do the names that COCO gives its files
    (COCO_val2014_000000391895.jpg, 000000493652.jpg); another file's name stays as it is.
    """
    return [{"image_id": image_id(name), "caption": caption} for name, caption in captions.items()]


def image_id(name: str) -> int | str:
    """COCO's id of a picture, as `to_coco_results` has it."""
    path = PurePosixPath(name)
    number = coco_number(path.stem) if path.suffix == ".jpg" else None
    if number is not None:
        return number
    return int(name) if name.isdecimal() else name
