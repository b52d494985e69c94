"""From a grid of attention weights to a smooth light that falls on the photograph.

R rows and C columns of the grid, T words, H and W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from looksay.errors import UsageError

# Width of the Gaussian around each place of the grid, in places. Below 0.5 the grid shows as
# separate blobs, above 1 neighbouring places cannot be told apart.
KERNEL_PLACES = 0.65

_MASK_PIXELS = 256  # the light is so smooth that finer masks look the same


def check_attention(words: Sequence[str], attention: np.ndarray) -> np.ndarray:
    """Attention as float32 (T, R, C), one grid a word; a UsageError where it is anything else."""
    grids_TRC = np.asarray(attention, dtype=np.float32)
    if len(words) == 0 and grids_TRC.size == 0:
        return np.zeros((0, 1, 1), np.float32)
    if grids_TRC.ndim != 3 or 0 in grids_TRC.shape:
        raise UsageError(
            f"Attention must have the shape (words, rows, columns), not {grids_TRC.shape}."
        )
    if len(grids_TRC) != len(words):
        raise UsageError(
            f"{len(words)} words need as many attention grids, not {len(grids_TRC)}; leave out "
            f"the grid of the end token."
        )
    if not np.isfinite(grids_TRC).all() or grids_TRC.min() < 0:
        raise UsageError("Attention must be finite and not negative; give the softmax weights.")
    return grids_TRC


def spread(values_RC: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A grid laid over `size` (width, height) pixels: float32 (H, W), smooth, of the same range.

    Each pixel is the mean of the grid's places weighted by a Gaussian of their distance (kernel
    smoothing), so nothing overshoots, nothing is blocky, and an even grid stays even to the edge.
    """
    rows, columns = values_RC.shape
    across_WC, down_HR = _kernel(columns, size[0]), _kernel(rows, size[1])
    return down_HR @ np.asarray(values_RC, dtype=np.float32) @ across_WC.T


def _kernel(places: int, pixels: int) -> np.ndarray:
    """Weights (pixels, places) of the places for each pixel of one side; each row adds up to 1."""
    positions = (np.arange(pixels, dtype=np.float32) + 0.5) * (places / pixels) - 0.5
    distances = (positions[:, None] - np.arange(places, dtype=np.float32)) / KERNEL_PLACES
    weights = np.exp(-0.5 * distances**2)
    return weights / weights.sum(axis=1, keepdims=True)


def light(smooth_HW: np.ndarray) -> np.ndarray:
    """How brightly each pixel is lit, float32 (H, W), 1 where the word looks most, at least 0.

    Stretched from the lowest to the highest weight, except that a map which is nearly even is not
    blown up into a picture of its noise: a word that looks everywhere alike lights everything.
    """
    peak = float(smooth_HW.max())
    stretch = max(peak - float(smooth_HW.min()), float(smooth_HW.mean()), 1e-12)
    return 1 - (peak - smooth_HW) / stretch


def light_mask(attention_RC: np.ndarray, size: tuple[int, int]) -> Image.Image:
    """The light of one word as an 8-bit mask of `size` (width, height) pixels."""
    bright_HW = light(spread(attention_RC, fit(size, _MASK_PIXELS)))
    mask = Image.fromarray((bright_HW * 255 + 0.5).astype(np.uint8))
    return mask.resize(size, Image.Resampling.BICUBIC)


def fit(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """The size (width, height) shrunk so that no side is longer than `longest`, never enlarged."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
