"""YOLOX (Ge et al. 2021, https://arxiv.org/abs/2107.08430): what goes in, and what comes out means.

A anchors (one for each place of three grids), C classes, S side of the picture in pixels.
"""

from __future__ import annotations

import numpy as np

from looksay.features.regions.boxes import suppress
from looksay.features.regions.letterbox import Letterbox

STRIDES = (8, 16, 32)  # pixels between neighbouring places of each grid
# Below this a score is noise: what such boxes show would only fill up.
FLOOR = 0.01
CANDIDATES = 1000  # boxes that suppression looks at: it takes time by their square
MOST_KEPT = 300  # boxes that suppression leaves: a crop loses some of them
_MOST_EXPONENT = 8.0  # e^8 strides are wider than any picture


def yolox_input(pixels_SS3: np.ndarray) -> np.ndarray:
    """A letterboxed RGB picture as the network takes it: float32 (1, 3, S, S), BGR, 0 to 255."""
    return np.ascontiguousarray(pixels_SS3[None, :, :, ::-1].transpose(0, 3, 1, 2), np.float32)


def num_anchors(side: int) -> int:
    """How many rows the network's output has for a picture of that side."""
    return sum((side // stride) ** 2 for stride in STRIDES)


def decode_yolox(output_AK: np.ndarray, side: int) -> np.ndarray:
    """The network's output (A, 5 + C) as boxes (A, 6) in pixels: x0, y0, x1, y1, score, class.

    A row is the centre's offset from its place and the logarithm of width and height, all in
    strides, then objectness and the classes' probabilities, the sigmoid already taken. The score is
    objectness times the best class's probability.
    """
    places, strides = [], []
    for stride in STRIDES:
        count = side // stride
        rows, columns = np.mgrid[:count, :count]
        places.append(np.stack([columns.ravel(), rows.ravel()], 1))
        strides.append(np.full((count * count, 1), stride))
    stride_A1 = np.concatenate(strides).astype(np.float32)
    centre = (output_AK[:, :2] + np.concatenate(places)) * stride_A1
    half = np.exp(np.minimum(output_AK[:, 2:4], _MOST_EXPONENT)) * stride_A1 / 2
    classes = output_AK[:, 5:].argmax(1)
    best = output_AK[np.arange(len(output_AK)), 5 + classes]
    score = output_AK[:, 4] * best
    return np.concatenate(
        [centre - half, centre + half, score[:, None], classes[:, None]], 1, dtype=np.float32
    )


def yolox_boxes(output_AK: np.ndarray, boxed: Letterbox, threshold: float) -> np.ndarray:
    """The boxes (N, 6) of a photograph, by falling score, after suppression at `threshold`."""
    boxes = decode_yolox(output_AK, boxed.pixels.shape[0])
    boxes = boxes[boxes[:, 4] >= FLOOR]
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")[:CANDIDATES]]
    boxes[:, :4] = boxed.to_photograph(boxes[:, :4])
    return suppress(boxes, threshold, MOST_KEPT)
