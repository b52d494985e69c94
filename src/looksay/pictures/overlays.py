"""One word's attention, laid over the photograph as light and dusk."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageEnhance, ImageStat

from looksay.errors import UsageError
from looksay.images import ImageSource, open_image
from looksay.pictures.maps import light_mask

# What lies outside the light loses colour and brightness, what lies in it gains a little warmth.
# Brightness carries the meaning, so it reads the same for every kind of colour blindness, and on
# paper printed in grey.
_DUSK_COLOUR = (10, 14, 26)
_GLOW_COLOUR = (255, 214, 140)
_GLOW = 0.08
# The lamp is stronger on a dark photograph: its mean brightness (0 to 255) is brought up to this,
# within bounds, or a night scene would show nothing.
_LIT_BRIGHTNESS = 125.0
_LAMP = (1.1, 2.8)


def overlay(image: ImageSource, attention_RC: np.ndarray, *, darkness: float = 0.68) -> Image.Image:
    """The original photograph, bright where one word looks and dark elsewhere.

    Args:
        image: anything `images.open_image` takes; the result has its size.
        attention_RC: weights (rows, columns), any grid, stretched over the whole photograph.
        darkness: 0 leaves the rest as it is, 1 makes it nearly black.

    Returns:
        An RGB image of the photograph's size.
    """
    grid_RC = np.asarray(attention_RC, dtype=np.float32)
    if grid_RC.ndim != 2 or grid_RC.size == 0 or not np.isfinite(grid_RC).all():
        raise UsageError(f"Attention must be finite and of shape (rows, columns), not {grid_RC}.")
    if not 0 <= darkness <= 1:
        raise UsageError(f"darkness must lie between 0 and 1, not {darkness}.")
    photo = open_image(image)
    return light_up(photo, light_mask(grid_RC, photo.size), darkness)


def light_up(photo: Image.Image, mask: Image.Image, darkness: float = 0.68) -> Image.Image:
    """An RGB photograph seen by the light of a mask of its size."""
    pale = ImageEnhance.Color(photo).enhance(1 - 0.8 * darkness)
    dusk = Image.blend(pale, Image.new("RGB", photo.size, _DUSK_COLOUR), darkness)
    bright = ImageEnhance.Brightness(photo).enhance(lamp(photo))
    glow = Image.blend(bright, Image.new("RGB", photo.size, _GLOW_COLOUR), _GLOW)
    return Image.composite(glow, dusk, mask)


def lamp(photo: Image.Image) -> float:
    """By how much the lit part of a photograph is brightened."""
    mean = ImageStat.Stat(photo.convert("L").resize((32, 32), Image.Resampling.BOX)).mean[0]
    return min(max(_LIT_BRIGHTNESS / max(mean, 1.0), _LAMP[0]), _LAMP[1])
