"""One word's attention over regions: their boxes lit, framed and named.

T words, R regions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from looksay.errors import UsageError
from looksay.pictures.lettering import font_for, line_height, printable, shorten, write
from looksay.pictures.maps import check_attention, light, light_mask
from looksay.pictures.overlays import light_up

MOST_FRAMED = 3  # boxes of a word: more hide the photograph
LEAST_FRAMED = 0.35  # of the brightest one's light
_FRAME, _TAG_INK = (255, 209, 102), "#15181f"
_SHARPEST = 4  # the frame is drawn at so many times its size, for smooth lines


@dataclass(frozen=True, eq=False)
class Regions:
    """boxes: (R, 4), x0, y0, x1, y1 as shares of the photograph. names: what each shows, or ""."""

    boxes: np.ndarray
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.boxes.ndim != 2 or self.boxes.shape != (len(self.names), 4):
            raise UsageError(
                f"{len(self.names)} regions need boxes ({len(self.names)}, 4), not "
                f"{self.boxes.shape}."
            )


def check_looks(words: Sequence[str], attention: np.ndarray, regions: Regions | None) -> np.ndarray:
    """Attention as float32: (T, rows, columns) over a grid, (T, R) over regions; a UsageError where
    it is anything else."""
    if regions is None:
        return check_attention(words, attention)
    weights_TR = np.asarray(attention, np.float32)
    expected = len(words), len(regions.names)
    if weights_TR.shape != expected:
        raise UsageError(
            f"Attention over regions must have the shape (words, regions) = {expected}, not "
            f"{weights_TR.shape}."
        )
    if weights_TR.size and (not np.isfinite(weights_TR).all() or weights_TR.min() < 0):
        raise UsageError("Attention must be finite and not negative; give the softmax weights.")
    return weights_TR


def brightest(weights_R: np.ndarray) -> list[int]:
    """The regions that a word looks at most, brightest first: those worth a frame. None are where
    it looks at all alike."""
    if not weights_R.size or weights_R.max() - weights_R.min() < weights_R.mean():
        return []
    levels = light(weights_R)
    order = np.argsort(-weights_R, kind="stable")[:MOST_FRAMED]
    return [int(region) for region in order if levels[region] >= LEAST_FRAMED]


def lit(photo: Image.Image, weights: np.ndarray, regions: Regions | None) -> Image.Image:
    """A photograph by the light of one word: over a grid (rows, columns), or over regions (R,)."""
    if regions is None:
        return light_up(photo, light_mask(weights, photo.size))
    return framed(light_up(photo, regions_mask(weights, regions, photo.size)), weights, regions)


def regions_mask(weights_R: np.ndarray, regions: Regions, size: tuple[int, int]) -> Image.Image:
    """The light of one word as an 8-bit mask of `size` (width, height): in each point that of the
    brightest box over it, with soft edges."""
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    levels = light(weights_R)
    for region in np.argsort(levels, kind="stable"):
        draw.rectangle(_pixels(regions.boxes[region], size), fill=round(255 * levels[region]))
    return mask.filter(ImageFilter.GaussianBlur(max(size) / 150))


def framed(picture: Image.Image, weights_R: np.ndarray, regions: Regions) -> Image.Image:
    """The picture with a word's brightest boxes framed and named; the brightest lies on top."""
    size = picture.width * _SHARPEST, picture.height * _SHARPEST
    levels, width = light(weights_R), max(1.5, max(picture.size) / 160)
    shown = brightest(weights_R)
    for region in reversed(shown):
        strength = Image.new("L", size, 0)
        box = _pixels(regions.boxes[region], size)
        line = round(_SHARPEST * width * (1 if region == shown[0] else 0.6))
        opacity = round(255 * (0.25 + 0.75 * float(levels[region])))
        ImageDraw.Draw(strength).rectangle(box, outline=opacity, width=line)
        picture.paste(_FRAME, mask=strength.resize(picture.size, Image.Resampling.BOX))
    _name(picture, [(regions.boxes[r], regions.names[r]) for r in shown])
    return picture


def _name(picture: Image.Image, named: list[tuple[np.ndarray, str]]) -> None:
    """Tags in the boxes' corners, brightest first; one that has no free place is left out."""
    draw = ImageDraw.Draw(picture)
    taken: list[tuple[float, float, float, float]] = []
    font = font_for("".join(name for _, name in named), max(11, round(max(picture.size) / 25)))
    high = line_height(font)
    for box, name in named:
        text = shorten(printable(name, font), font, picture.width - 8)
        if not text:
            continue
        wide = font.getlength(text) + 8
        left, top, right, bottom = _pixels(box, picture.size)
        # above the box, or else in one of its corners; kept inside the picture
        places = [(x, y) for y in (top, bottom - high) for x in (left, right - wide)]
        above = [(left, top - high)] if top >= high else []
        for x, y in [*above, *places]:
            x = min(max(x, 0), max(picture.width - wide, 0))
            y = min(max(y, 0), max(picture.height - high, 0))
            tag = (x, y, x + wide, y + high)
            if not any(_meet(tag, other) for other in taken):
                draw.rectangle(tag, fill=_FRAME)
                write(draw, (x + 4, y + high * 0.08), text, font, fill=_TAG_INK)
                taken.append(tag)
                break


def _meet(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return (
        first[0] < second[2] and second[0] < first[2]
        and first[1] < second[3] and second[1] < first[3]
    )  # fmt: skip


def _pixels(box: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box's corner pixels in a picture of `size`, both within it."""
    width, height = size
    x0, y0, x1, y1 = (float(share) for share in box)
    left, top = min(round(x0 * width), width - 1), min(round(y0 * height), height - 1)
    right, bottom = max(round(x1 * width) - 1, left), max(round(y1 * height) - 1, top)
    return left, top, right, bottom
