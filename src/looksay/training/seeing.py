"""What a bundle's own backbone sees of a data set's photographs, where that is not what is kept.

B pictures, R places, D feature size.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from looksay.features.compute import GridCompute, Loaded
from looksay.features.extract import CHUNK
from looksay.training.prepared import Features


def see_photographs(
    features: Features, split: str, backbone: Path, wanted: Collection[int] | None = None
) -> Iterator[tuple[list[int], np.ndarray]]:
    """The numbers of a split's photographs and what the graph `backbone` sees of them in float32,
    (B, R, D): some at a time, in any order, each once; only of those `wanted`, None: of all."""
    compute = GridCompute(backbone, features.source.seen)
    records, size = features.splits[split].records, compute.image_size
    photographs = (
        (number, photograph)
        for number, photograph in features.photographs(split)
        if wanted is None or number in wanted
    )
    while chunk := list(islice(photographs, CHUNK)):
        loaded = [Loaded.plain(records[n].image, photograph, size) for n, photograph in chunk]
        yield [number for number, _ in chunk], compute(loaded)[0]
