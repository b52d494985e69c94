"""What a bundle remembers of its training pictures, see `looksay.consensus`.

N pictures, B of them, I of their views, R places, D feature size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from looksay.consensus import Memory, learn_memory, mean_features, worth_remembering
from looksay.features.extract import CHUNK
from looksay.training.prepare import Words
from looksay.training.prepared import Features
from looksay.training.seeing import see_photographs

_WHOLE = ("plain", "mirror")  # views that show all of a picture, as captioning sees it


def remember(
    features: Features, words: Words, views: Sequence[str], backbone: Path | None
) -> Memory:
    """The memory of the training pictures. views: those that are kept of each. backbone: the graph
    that the bundle sees through, where what it sees of them is not kept; None: it is."""
    numbers_N = worth_remembering(len(features.splits["train"].records))
    means: Iterator[tuple[Any, np.ndarray]]
    if backbone is None:
        columns = [number for number, view in enumerate(views) if view in _WHOLE]
        means = _kept_means(features, numbers_N, columns)
    else:
        means = _seen_means(features, numbers_N, backbone)
    means_ND = np.empty((len(numbers_N), features.feature_size), np.float32)
    for rows, means_BD in means:
        means_ND[rows] = means_BD
    captions = [[caption[:-1] for caption in words.captions[number]] for number in numbers_N]
    return learn_memory(means_ND, captions, len(words.vocabulary))


def _kept_means(
    features: Features, numbers_N: np.ndarray, columns: Sequence[int]
) -> Iterator[tuple[slice, np.ndarray]]:
    """Of the features kept, over some views of a picture: a steadier mean than the plain one's."""
    rows_NI = features.splits["train"].rows[numbers_N][:, columns]
    array = features.store.array()
    masks = features.store.masks()
    for start in range(0, len(rows_NI), CHUNK):
        rows_BI = rows_NI[start : start + CHUNK]
        flat = rows_BI.ravel()
        mask = None if masks is None else masks[flat]
        means = mean_features(array[flat].astype(np.float32), mask)
        yield slice(start, start + len(rows_BI)), means.reshape(*rows_BI.shape, -1).mean(axis=1)


def _seen_means(
    features: Features, numbers_N: np.ndarray, backbone: Path
) -> Iterator[tuple[Sequence[int], np.ndarray]]:
    row_of = {int(number): row for row, number in enumerate(numbers_N)}
    for numbers, features_BRD in see_photographs(features, "train", backbone, row_of):
        yield [row_of[number] for number in numbers], mean_features(features_BRD)
