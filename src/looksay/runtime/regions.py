"""How a model that looks at regions finds them: what bundles and feature stores both keep of it.

A region is a box of the photograph with the features of what lies in it. Boxes are rows of six
numbers: x0, y0, x1, y1 as shares of the photograph (0 to 1, from its top left), score, class; a
row without area is padding.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from looksay.errors import UsageError, nearest

DETECTOR, PROPOSALS, FILE = SOURCES = ("detector", "proposals", "file")
LAYOUTS = ("yolox",)
FEWEST, MOST = 10, 100  # regions of a picture, as in Anderson et al. 2018
BOX_SIZE = 6
NO_CLASS = -1
WHOLE_PICTURE = "whole picture"
_MOST_CLASSES = 10_000


@dataclass(frozen=True, kw_only=True)
class RegionSettings:
    """source: "detector", "proposals" (selective search), or "file" (published features, which a
    plain photograph does not have). layout: how the detector's output is read. detector_size: the
    side in pixels of the square picture that it takes.

    max_regions: rows of a picture, padding among them. min_regions: so many at least, though their
    scores are below `score_threshold`. nms_threshold: of two boxes of a class that overlap by more
    (intersection over union), the better one stays. class_names: by class number; may be empty.
    """

    source: str
    max_regions: int = 36
    min_regions: int = FEWEST
    score_threshold: float = 0.2
    nms_threshold: float = 0.5
    layout: str = LAYOUTS[0]
    detector_size: int = 416
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, choices in (("source", SOURCES), ("layout", LAYOUTS)):
            value = getattr(self, name)
            if value not in choices:
                raise UsageError(
                    f"regions: {name} is {value!r}{nearest(str(value), choices)}; "
                    f"it must be one of {', '.join(choices)}"
                )
        _check_whole("max_regions", self.max_regions, FEWEST, MOST)
        _check_whole("min_regions", self.min_regions, 1, self.max_regions)
        _check_whole("detector_size", self.detector_size, 32, 4096)
        for name in ("score_threshold", "nms_threshold"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
                raise UsageError(f"regions: {name} is {value!r}; it must be above 0 and at most 1")
        names = tuple(self.class_names)
        if len(names) > _MOST_CLASSES or not all(_is_name(name) for name in names):
            raise UsageError("regions: class_names must be texts of 1 to 100 printable characters")
        object.__setattr__(self, "class_names", names)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RegionSettings:
        """Settings from names and values, as a bundle has them; UsageError where they are wrong."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise UsageError(
                    f"regions: there is no setting {name!r}{nearest(str(name), known)}; "
                    f"there are {', '.join(known)}"
                )
        if "source" not in values:
            raise UsageError("regions: the source is missing")
        if not isinstance(values.get("class_names", ()), (list, tuple)):
            raise UsageError("regions: class_names must be a list")
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Names and values, ready for JSON."""
        return {**dataclasses.asdict(self), "class_names": list(self.class_names)}

    def name_of(self, box: np.ndarray) -> str:
        """What a box (6,) shows, in a word: its class, "whole picture", or "" where unknown."""
        number = int(box[5])
        if 0 <= number < len(self.class_names):
            return self.class_names[number]
        return WHOLE_PICTURE if covers_all(box) else ""


def covers_all(box: np.ndarray) -> bool:
    """Whether a box is the whole photograph."""
    return bool(np.allclose(box[:4], (0, 0, 1, 1)))


def region_mask(boxes: np.ndarray) -> np.ndarray:
    """1 where a row of boxes (..., R, 6) is a region, 0 where it is padding: float32 (..., R)."""
    return (boxes[..., 2] > boxes[..., 0]).astype(np.float32)


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(f"regions: {name} is {value!r}; it must be from {least} to {most}")


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and name.isprintable() and 1 <= len(name) <= 100
