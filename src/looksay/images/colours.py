"""Every kind of pixel turned into upright RGB."""

from __future__ import annotations

import numpy as np
from PIL import Image

# EXIF orientation -> what turns the stored picture upright (EXIF 2.32, tag 0x0112).
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")


def to_rgb(image: Image.Image) -> Image.Image:
    """A loaded picture as plain upright RGB: rotated by its EXIF tag, see-through parts on white.

    The result carries no metadata, so that nobody can rotate it a second time.
    """
    turn = _UPRIGHT.get(_orientation(image))
    rgb = _flat_rgb(image)
    if turn is not None:
        rgb = rgb.transpose(turn)
    rgb.info = {}
    return rgb


def lies_on_its_side(image: Image.Image) -> bool:
    """Whether turning the stored picture upright exchanges its width and height."""
    return _orientation(image) in (5, 6, 7, 8)


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # a damaged EXIF block: the pixels are whole, show them as they are stored
        return 1


def _flat_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey(image).convert("RGB")
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image)
        return white
    return image.convert("RGB")  # also a copy where it is RGB already


def _deep_grey(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits scaled to 8; Pillow's own conversion clips it to white."""
    grey = np.asarray(image)
    if grey.dtype.itemsize == 2 or (grey.dtype.kind == "i" and _within(grey, 0, 65535)):
        low, high = 0.0, 65535.0  # a 16-bit PNG, which older Pillows open as 32 bits
    else:
        grey = np.nan_to_num(grey.astype(np.float32))
        low, high = float(grey.min()), float(grey.max())
        if 0.0 <= low and high <= 1.0:
            low, high = 0.0, 1.0  # the custom of floating-point pictures
    scaled = (grey.astype(np.float32) - low) * (255.0 / max(high - low, 1e-12))
    return Image.fromarray((scaled + 0.5).clip(0, 255).astype(np.uint8))


def _within(values: np.ndarray, low: int, high: int) -> bool:
    return bool(values.min() >= low and values.max() <= high)
