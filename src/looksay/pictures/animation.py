"""The caption as it is written, word by word, as an animated GIF or WebP."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from looksay.errors import UsageError
from looksay.images import ImageSource, open_image
from looksay.pictures.lettering import font_for, line_height, printable, wrap, write
from looksay.pictures.looked import looked
from looksay.pictures.maps import fit
from looksay.pictures.regions import Regions, check_looks, lit

_PAPER, _SAID, _NOW, _NOW_INK = "#15181f", "#eceef3", "#ffd166", "#15181f"
_MARGIN = 14
_BAR = 6
_NARROWEST = 240  # pixels; the caption needs room beside a very tall photograph too


def attention_animation(
    image: ImageSource,
    words: Sequence[str],
    attention: np.ndarray,
    path: str | os.PathLike[str],
    *,
    regions: Regions | None = None,
    longest_side: int = 480,
    word_seconds: float = 0.7,
) -> Path:
    """Writes an endless animation: the photograph, a frame a word, then the whole caption.

    Each frame lights where the word looks and shows the caption so far below, the word marked.

    Args:
        image: anything `images.open_image` takes.
        words: the caption's words.
        attention: weights (words, rows, columns), or with `regions` (words, regions). Where those
            of a word add up to less than 1, a bar below the photograph shows how much it looked.
        path: where to write; `.gif` or `.webp`. Missing folders are made.
        regions: the boxes that attention lies over, where it does not lie over a grid.
        longest_side: of the photograph within the frames, in pixels.
        word_seconds: how long a word stays.

    Returns:
        The path written.
    """
    target = Path(path)
    format_name = {".gif": "GIF", ".webp": "WEBP"}.get(target.suffix.lower())
    if format_name is None:
        raise UsageError(f"{target} must end in .gif or .webp to hold an animation.")
    looks = check_looks(words, attention, regions)
    photo = open_image(image, at_least=longest_side)
    photo = photo.resize(fit(photo.size, longest_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    frames = _frames(photo, words, looks, regions)
    word_ms = round(1000 * word_seconds)
    durations = [word_ms, *[word_ms] * len(words), 3 * word_ms][: len(frames)]
    _save(frames, durations, target, format_name)
    return target


def _frames(
    photo: Image.Image, words: Sequence[str], looks: np.ndarray, regions: Regions | None
) -> list[Image.Image]:
    strip = _Strip(words, max(photo.width, _NARROWEST))
    frames = [strip.under(photo, said=0, marked=False)]
    shares = looked(looks)
    for index, look in enumerate(looks):
        picture = lit(photo, look, regions)
        if shares is not None:
            _bar(picture, shares[index])
        frames.append(strip.under(picture, said=index + 1, marked=True))
    if words:
        frames.append(strip.under(photo, said=len(words), marked=False))
    return frames


def _bar(picture: Image.Image, share: float) -> None:
    """A bar over the whole width for a word that looked at nothing else."""
    top = picture.height - _BAR
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, top, picture.width, picture.height), fill=_PAPER)
    draw.rectangle((0, top, round(picture.width * share) - 1, picture.height), fill=_NOW)


class _Strip:
    """The caption's place below the photograph: laid out once, so that no word ever moves."""

    def __init__(self, words: Sequence[str], width: int) -> None:
        self.font = font_for(" ".join(words), 24)
        self.width = width
        self.places: list[tuple[float, float, str]] = []
        step, space = line_height(self.font), 1.5 * self.font.getlength(" ")
        shown = [printable(word, self.font) for word in words]
        lines = wrap(shown, self.font, width - 2 * _MARGIN, space)
        for row, line in enumerate(lines):
            left = float(_MARGIN)
            for word in line:
                self.places.append((left, _MARGIN * 0.8 + row * step, word))
                left += self.font.getlength(word) + space
        self.height = len(lines) * step + round(1.6 * _MARGIN) if lines else 0

    def under(self, picture: Image.Image, *, said: int, marked: bool) -> Image.Image:
        """A frame: the picture with the first `said` words below, the last one marked or not."""
        frame = Image.new("RGB", (self.width, picture.height + self.height), _PAPER)
        frame.paste(picture, ((self.width - picture.width) // 2, 0))
        draw = ImageDraw.Draw(frame)
        for index, (left, down, word) in enumerate(self.places[:said]):
            top = picture.height + down
            now = marked and index == said - 1
            if now:
                right = left + self.font.getlength(word)
                box = (left - 4, top - 3, right + 4, top + line_height(self.font) - 5)
                draw.rounded_rectangle(box, radius=6, fill=_NOW)
            write(draw, (left, top), word, self.font, fill=_NOW_INK if now else _SAID)
        return frame


def _save(frames: list[Image.Image], durations: list[int], target: Path, format_name: str) -> None:
    options: dict[str, object] = {"quality": 82, "method": 4} if format_name == "WEBP" else {}
    if format_name == "GIF":  # a palette of its own for each frame: the light changes the colours
        frames = [frame.quantize(256, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]
        options = {"optimize": False, "disposal": 1}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        frames[0].save(
            target,
            format_name,
            save_all=True,
            append_images=frames[1:],
            duration=durations if len(frames) > 1 else durations[0],
            loop=0,
            **options,
        )
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}.") from error
