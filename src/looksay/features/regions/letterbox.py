"""Letterboxing: a photograph shrunk or enlarged into a square with its shape kept.

S side of the square in pixels, N boxes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

PADDING_GREY = 114  # what YOLO detectors were trained with


@dataclass(frozen=True, eq=False)
class Letterbox:
    """pixels: uint8 (S, S, 3) RGB, the photograph at its top left, grey beside or below it.
    size: width and height of the photograph in it, in pixels."""

    pixels: np.ndarray
    size: tuple[int, int]

    def to_photograph(self, boxes_N4: np.ndarray) -> np.ndarray:
        """Boxes (N, 4) in the square's pixels as shares of the photograph; they may lie outside."""
        return boxes_N4 / np.array([*self.size, *self.size], np.float32)


def letterbox(photo: Image.Image, side: int) -> Letterbox:
    """An RGB photograph in a square of `side` pixels; bilinear, antialiased."""
    scale = side / max(photo.size)
    width, height = (max(1, round(pixels * scale)) for pixels in photo.size)
    shrunk = photo.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
    pixels = np.full((side, side, 3), PADDING_GREY, np.uint8)
    pixels[:height, :width] = np.asarray(shrunk)
    return Letterbox(pixels, (width, height))
