"""Boxes in NumPy: overlap, non-maximum suppression, views, and the choice of a picture's regions.

N boxes, R regions of a picture. Boxes are (N, 6), see `looksay.runtime.regions`.
"""

from __future__ import annotations

import numpy as np

from looksay.features.views import crop_window
from looksay.runtime.regions import BOX_SIZE, DETECTOR, NO_CLASS, RegionSettings

# Of a box that a crop cuts through, so much must be left inside for it to show the same thing.
LEAST_INSIDE = 0.4
_SMALLEST_SIDE = 0.005  # of the photograph's: anything below is a line


def areas(boxes_N6: np.ndarray) -> np.ndarray:
    """Areas (N,), 0 for a box turned inside out."""
    sides = np.maximum(boxes_N6[:, 2:4] - boxes_N6[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def overlaps(box: np.ndarray, boxes_N6: np.ndarray) -> np.ndarray:
    """Intersection over union (N,) of one box (4 or more,) with others."""
    corner_low = np.maximum(box[:2], boxes_N6[:, :2])
    corner_high = np.minimum(box[2:4], boxes_N6[:, 2:4])
    sides = np.maximum(corner_high - corner_low, 0)
    common = sides[:, 0] * sides[:, 1]
    union = areas(box[None])[0] + areas(boxes_N6) - common
    return common / np.maximum(union, 1e-12)


def suppress(boxes_N6: np.ndarray, threshold: float, most: int | None = None) -> np.ndarray:
    """Non-maximum suppression class by class: the boxes left, by falling score, (M, 6).

    Of two boxes of one class that overlap by more than `threshold`, the one of the higher score
    stays; of equal scores the earlier one. At most `most` are looked for.
    """
    left = boxes_N6[np.argsort(-boxes_N6[:, 4], kind="stable")]
    kept: list[np.ndarray] = []
    while len(left) and (most is None or len(kept) < most):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[(left[:, 5] != best[5]) | (overlaps(best, left) <= threshold)]
    return np.stack(kept) if kept else boxes_N6[:0]


def clip(boxes_N6: np.ndarray) -> np.ndarray:
    """The boxes cut to the picture; those that vanish, or are but a line, are left out."""
    clipped = boxes_N6.copy()
    clipped[:, :4] = np.clip(clipped[:, :4], 0, 1)
    sides = clipped[:, 2:4] - clipped[:, :2]
    return clipped[(sides >= _SMALLEST_SIDE).all(1) & np.isfinite(clipped).all(1)]


def boxes_of_view(boxes_N6: np.ndarray, view: str, size: int) -> np.ndarray:
    """A picture's boxes as they lie in a view of it (see `looksay.features.views`).

    size: side of the square picture in pixels, to whole ones of which crops are rounded. Boxes of
    which less than `LEAST_INSIDE` is left in a crop are dropped. A view is a function of the
    picture, so a detector need not look at each.
    """
    mirrored, left, top, side = crop_window(view, size)
    moved = boxes_N6.copy()
    moved[:, [0, 2]] = (moved[:, [0, 2]] * size - left) / side
    moved[:, [1, 3]] = (moved[:, [1, 3]] * size - top) / side
    inside = moved.copy()
    inside[:, :4] = np.clip(inside[:, :4], 0, 1)
    moved = clip(moved[areas(inside) >= LEAST_INSIDE * areas(moved)])
    if mirrored:
        moved[:, [0, 2]] = 1 - moved[:, [2, 0]]
    return moved


def choose_regions(boxes_N6: np.ndarray, settings: RegionSettings) -> np.ndarray:
    """The regions (R, 6) of a picture: its best boxes by falling score, the whole picture last.

    boxes_N6: what suppression left. All that reach the threshold are taken (of proposals, which
    have no detector's scores, all), at most `max_regions - 1`; where they and the whole picture are
    fewer than `min_regions`, the next best too (Anderson et al. 2018, section 3.1, with the whole
    picture of Liu et al. 2017). Rows beyond are zeros, which are padding.
    """
    ordered = boxes_N6[np.argsort(-boxes_N6[:, 4], kind="stable")]
    threshold = settings.score_threshold if settings.source == DETECTOR else 0.0
    sure = int((ordered[:, 4] >= threshold).sum())
    wanted = min(max(sure, settings.min_regions - 1), settings.max_regions - 1)
    return pad_regions(np.concatenate([ordered[:wanted], whole_picture()]), settings.max_regions)


def whole_picture() -> np.ndarray:
    """The box (1, 6) of the whole picture; it has no score of a detector's."""
    return np.array([[0, 0, 1, 1, 0, NO_CLASS]], np.float32)


def pad_regions(rows: np.ndarray, max_regions: int) -> np.ndarray:
    """The first `max_regions` rows of (N, ...), filled up with zeros: float32."""
    padded = np.zeros((max_regions, *rows.shape[1:]), np.float32)
    padded[: len(rows)] = rows[:max_regions]
    return padded


def no_boxes() -> np.ndarray:
    """No boxes, (0, 6)."""
    return np.zeros((0, BOX_SIZE), np.float32)
