"""How much of a place lies in boxes, exactly: boxes may overlap, and are counted once.

N boxes, P places; both are x0, y0, x1, y1 as shares of the picture.
"""

from __future__ import annotations

import numpy as np


def grid_places(rows: int, columns: int) -> np.ndarray:
    """The boxes (P, 4) of a grid's places, row by row. Every picture is stretched to the model's
    square, so the grid lies over the whole photograph (see `looksay.images.square`)."""
    down, across = np.mgrid[:rows, :columns]
    corners = [across, down, across + 1, down + 1]
    scale = [columns, rows, columns, rows]
    return np.stack([corner.ravel() / n for corner, n in zip(corners, scale, strict=True)], 1)


def centres(places_P4: np.ndarray) -> np.ndarray:
    """The middle of each place, (P, 2): x, y."""
    return (places_P4[:, :2] + places_P4[:, 2:]) / 2


def are_inside(points_P2: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
    """Whether each point is in one of the boxes or on its edge, (P,)."""
    low, high = boxes_N4[None, :, :2], boxes_N4[None, :, 2:]
    points = points_P2[:, None]
    inside_PN = np.all((points >= low) & (points <= high), axis=2)
    return np.asarray(inside_PN.any(axis=1))


def shares_inside(places_P4: np.ndarray, boxes_N4: np.ndarray) -> np.ndarray:
    """The share of each place's area that the boxes together cover, (P,); 0 of a place without."""
    return np.array([_share(place, boxes_N4) for place in places_P4])


def _share(place: np.ndarray, boxes_N4: np.ndarray) -> float:
    """The place is cut at all edges of boxes; each part is in a box or out of all."""
    low, high = place[:2], place[2:]
    cut = np.concatenate([np.clip(boxes_N4[:, :2], low, high), np.clip(boxes_N4[:, 2:], low, high)])
    x = np.unique([*cut[:, 0], low[0], high[0]])
    y = np.unique([*cut[:, 1], low[1], high[1]])
    middle_x, middle_y = (x[1:] + x[:-1]) / 2, (y[1:] + y[:-1]) / 2
    points = np.stack(np.meshgrid(middle_x, middle_y), 2).reshape(-1, 2)
    parts = np.outer(np.diff(y), np.diff(x)).ravel()
    whole = float(parts.sum())
    return float(parts[are_inside(points, boxes_N4)].sum()) / whole if whole > 0 else 0.0
