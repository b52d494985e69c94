"""The boxes that a caption's attention lies over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from looksay.runtime.regions import RegionSettings


@dataclass(frozen=True, eq=False)
class Boxes:
    """R regions of a picture: corners (R, 4), x0, y0, x1, y1 as shares of the picture; what each
    shows, or ""; and the detector's score (R,), 0 where there is none."""

    corners: np.ndarray
    names: tuple[str, ...]
    scores: np.ndarray

    @classmethod
    def of(cls, boxes_R6: np.ndarray, settings: RegionSettings) -> Boxes:
        """From rows of boxes without padding, see `looksay.runtime.regions`."""
        names = tuple(settings.name_of(box) for box in boxes_R6)
        return cls(boxes_R6[:, :4], names, boxes_R6[:, 4])

    def __len__(self) -> int:
        return len(self.names)

    def to_json(self) -> list[dict[str, Any]]:
        """A record a box, of plain Python values; null for what is not known."""
        return [
            {
                "box": [round(float(share), 4) for share in corners],
                "name": name or None,
                "score": round(float(score), 4) if score > 0 else None,
            }
            for corners, name, score in zip(self.corners, self.names, self.scores, strict=True)
        ]
