"""What a bundle remembers of its training pictures, see `looksay.consensus`.

N pictures, B of them, I views, R places, D feature size.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from looksay.consensus import Memory, learn_memory, mean_features
from looksay.features.extract import CHUNK
from looksay.training.prepare import Words
from looksay.training.prepared import Features
from looksay.training.seeing import see_photographs


def remember(features: Features, words: Words, backbone: Path | None) -> Memory:
    """The memory of the training pictures. backbone: the graph that the bundle sees through, where
    what it sees of them is not kept; None: it is."""
    means = _kept_means(features) if backbone is None else _seen_means(features, backbone)
    num_pictures = len(features.splits["train"].records)
    means_ND = np.empty((num_pictures, features.feature_size), np.float32)
    for numbers, means_BD in means:
        means_ND[numbers] = means_BD
    captions = [[caption[:-1] for caption in of_picture] for of_picture in words.captions]
    return learn_memory(means_ND, captions, len(words.vocabulary))


def _kept_means(features: Features) -> Iterator[tuple[slice, np.ndarray]]:
    """Of the features kept, over all views of a picture: a steadier mean than the plain one's."""
    rows_NI, array = features.splits["train"].rows, features.store.array()
    masks = features.store.masks()
    for start in range(0, len(rows_NI), CHUNK):
        rows_BI = rows_NI[start : start + CHUNK]
        flat = rows_BI.ravel()
        mask = None if masks is None else masks[flat]
        means = mean_features(array[flat].astype(np.float32), mask)
        yield slice(start, start + len(rows_BI)), means.reshape(*rows_BI.shape, -1).mean(axis=1)


def _seen_means(features: Features, backbone: Path) -> Iterator[tuple[list[int], np.ndarray]]:
    for numbers, features_BRD in see_photographs(features, "train", backbone):
        yield numbers, mean_features(features_BRD)
