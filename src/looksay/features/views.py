"""Views of a picture: what a frozen backbone sees instead of random augmentation.

A view is a fixed function of the square picture, so that its features can be kept on disk:
`plain`, `mirror`, and `crop-<place>` (85% of each side, stretched back), each crop also mirrored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from looksay.errors import RecipeError
from looksay.images import to_square

CROP_SHARE = 0.85
# place of a crop: its offset as a share of the room that is left (down, right)
CROPS = {
    "top-left": (0.0, 0.0),
    "top-right": (0.0, 1.0),
    "center": (0.5, 0.5),
    "bottom-left": (1.0, 0.0),
    "bottom-right": (1.0, 1.0),
}
VIEWS = ("plain", "mirror", *(f"crop-{p}" for p in CROPS), *(f"mirror-crop-{p}" for p in CROPS))


def check_views(views: Sequence[str]) -> tuple[str, ...]:
    """The views, or a RecipeError that names those that exist; `plain` must be among them."""
    unknown = [view for view in views if view not in VIEWS]
    if unknown:
        raise RecipeError(f"there is no view {unknown[0]!r}; looksay knows {', '.join(VIEWS)}")
    if "plain" not in views:
        raise RecipeError("views need `plain`, the picture as it is, which captioning looks at")
    return tuple(dict.fromkeys(views))


def crop_window(view: str, size: int) -> tuple[bool, int, int, int]:
    """What a view is of a square picture of `size` pixels: whether it is mirrored (after the cut),
    and the left, top and side in pixels of the square that is cut out and stretched back."""
    mirrored = view.startswith("mirror")
    place = view.removeprefix("mirror").removeprefix("-").removeprefix("crop-")
    if place not in CROPS:
        return mirrored, 0, 0, size
    side = round(size * CROP_SHARE)
    top, left = (round((size - side) * share) for share in CROPS[place])
    return mirrored, left, top, side


def apply_view(image_SS3: np.ndarray, view: str) -> np.ndarray:
    """The view of a square uint8 picture (S, S, 3), of the same shape."""
    size = image_SS3.shape[0]
    mirrored, left, top, side = crop_window(view, size)
    if side < size:
        from PIL import Image

        cut = Image.fromarray(image_SS3[top : top + side, left : left + side])
        image_SS3 = to_square(cut, size)
    return np.ascontiguousarray(image_SS3[:, ::-1]) if mirrored else image_SS3
