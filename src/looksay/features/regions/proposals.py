"""Regions without a detector: selective search (Uijlings et al. 2013) of OpenCV.

It groups neighbouring pixels of like colour, texture and size, and proposes the box of each group.
It needs no weights and knows no classes, and takes a processor a third of a second a photograph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from looksay.errors import MissingExtraError
from looksay.features.regions.boxes import areas, no_boxes, suppress
from looksay.runtime.regions import NO_CLASS, RegionSettings

LONGEST_SIDE = 200  # pixels: the search takes time by their number and finds hardly more with them
SMALLEST_AREA = 0.005  # of the photograph: below are leaves and letters
MOST_KEPT = 300


class Proposals:
    """Proposes boxes in photographs; `look` and `find` as a Detector has them."""

    def __init__(self, settings: RegionSettings) -> None:
        self._settings = settings
        self._cv2 = import_opencv()

    def look(self, photo: Image.Image) -> np.ndarray:
        """The boxes (N, 6) of an upright RGB photograph, the largest first.

        The search ranks what it finds by chance; size says more, and says the same every time.
        The score is the area, as a share of the photograph's.
        """
        small = photo.copy()
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BICUBIC)
        found = self._search(np.ascontiguousarray(np.asarray(small)[:, :, ::-1]))
        if not len(found):
            return no_boxes()
        low = found[:, :2].astype(np.float32)
        sides = np.array([*small.size, *small.size], np.float32)
        corners = np.concatenate([low, low + found[:, 2:]], 1) / sides
        score = areas(corners)[:, None]
        boxes = np.concatenate([corners, score, np.full_like(score, NO_CLASS)], 1)
        boxes = boxes[(score[:, 0] >= SMALLEST_AREA) & (score[:, 0] < 1)]
        order = np.lexsort(boxes.T)[::-1]  # by area, then by place: never by the search's order
        return suppress(boxes[order].astype(np.float32), self._settings.nms_threshold, MOST_KEPT)

    def find(self, photos: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What was looked for has been found."""
        return list(photos)

    def _search(self, bgr_HW3: np.ndarray) -> np.ndarray:
        search = self._cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
        search.setBaseImage(bgr_HW3)
        search.switchToSelectiveSearchFast()
        return np.asarray(search.process())


def import_opencv() -> Any:
    """OpenCV with its extra modules; MissingExtraError without."""
    try:
        import cv2

        cv2.ximgproc.segmentation.createSelectiveSearchSegmentation  # noqa: B018
    except (ImportError, AttributeError) as error:
        raise MissingExtraError(
            "region proposals need OpenCV with its extra modules, which is not installed: "
            "pip install 'looksay[regions]' (beside another OpenCV: remove that first)"
        ) from error
    return cv2
