"""Every kind of pixel turned into upright RGB."""

from __future__ import annotations

from collections.abc import Callable

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
_BAND_PIXELS = 4_000_000
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
        return _in_bands(image, _deep_grey(image))
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return _in_bands(image, _on_white)
    return image.convert("RGB")  # also a copy where it is RGB already


def _in_bands(image: Image.Image, flatten: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The picture flattened a band of rows at a time, so that what this takes on the way does not
    grow with the picture."""
    width, height = image.size
    rows = max(_BAND_PIXELS // width, 1)
    if rows >= height:
        return flatten(image)
    flat = Image.new("RGB", image.size)
    for top in range(0, height, rows):
        box = (0, top, width, min(top + rows, height))
        flat.paste(flatten(image.crop(box)), box)
    return flat


def _on_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)
    return white


def _deep_grey(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """What scales grey of more than 8 bits to 8, in this picture or a part of it; Pillow's own
    conversion clips it to white."""
    low, high = _span(image)

    def scale(part: Image.Image) -> Image.Image:
        grey = np.nan_to_num(np.asarray(part).astype(np.float32))
        scaled = (grey - low) * (255.0 / max(high - low, 1e-12))
        return Image.fromarray((scaled + 0.5).clip(0, 255).astype(np.uint8)).convert("RGB")

    return scale


def _span(image: Image.Image) -> tuple[float, float]:
    """The values that become black and white."""
    deep = (0.0, 65535.0)  # a 16-bit PNG, which older Pillows open as 32 bits
    if image.mode.startswith("I;16"):
        return deep
    whole = image.mode != "F"
    low, high = float("inf"), float("-inf")
    rows = max(_BAND_PIXELS // image.width, 1)
    for top in range(0, image.height, rows):
        values = np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))))
        values = np.nan_to_num(values.astype(np.float64 if whole else np.float32))
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    if whole and low >= 0 and high <= deep[1]:
        return deep
    if 0.0 <= low and high <= 1.0:
        return 0.0, 1.0  # the custom of floating-point pictures
    return low, high
