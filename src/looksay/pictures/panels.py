"""The whole caption in one picture: the photograph, then a panel a word."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from looksay.images import ImageSource, open_image
from looksay.pictures.lettering import Font, font_for, line_height, printable, shorten, wrap, write
from looksay.pictures.looked import looked, tell
from looksay.pictures.regions import Regions, check_looks, lit

_PAPER, _INK, _PALE = "#ffffff", "#15181f", "#5d6472"
_GAP = 16
_MARGIN = 28
_CORNER = 10


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Where everything goes, in pixels; a cell holds a panel and its word."""

    panel: tuple[int, int]
    cell: tuple[int, int]
    columns: int
    rows: int
    font_size: int

    @property
    def width(self) -> int:
        return 2 * _MARGIN + self.columns * (self.cell[0] + _GAP) - _GAP

    @property
    def height(self) -> int:
        return self.rows * (self.cell[1] + _GAP) - _GAP

    def corner(self, index: int) -> tuple[int, int]:
        """The top left corner of the index-th cell, counted from the first one's."""
        row, column = divmod(index, self.columns)
        return _MARGIN + column * (self.cell[0] + _GAP), row * (self.cell[1] + _GAP)


def attention_panels(
    image: ImageSource,
    words: Sequence[str],
    attention: np.ndarray,
    *,
    caption: str | None = None,
    regions: Regions | None = None,
    panel_pixels: int = 300,
) -> Image.Image:
    """One picture of a whole caption: the photograph untouched, then a panel for every word.

    Args:
        image: anything `images.open_image` takes.
        words: the caption's words.
        attention: weights (words, rows, columns), or with `regions` (words, regions). Where those
            of a word add up to less than 1, it is told how much each word looked at the picture.
        caption: the title; the words joined by spaces where it is None.
        regions: the boxes that attention lies over, where it does not lie over a grid. Those that
            a word looks at most are framed and named.
        panel_pixels: the longest side of a panel, so that a photograph of any size makes a
            picture of moderate size.

    Returns:
        An RGB image at most about 1700 pixels wide; long captions wrap into rows.
    """
    looks = check_looks(words, attention, regions)
    photo = open_image(image, at_least=2 * panel_pixels)
    shares = looked(looks)
    layout = _arrange(len(words) + 1, photo.size, panel_pixels, lines=1 if shares is None else 2)
    photo = photo.resize(layout.panel, Image.Resampling.LANCZOS, reducing_gap=3.0)
    title = _title(" ".join(words) if caption is None else caption, layout)
    sheet = Image.new("RGB", (layout.width, title.height + layout.height + _MARGIN // 2), _PAPER)
    sheet.paste(title)
    _place(sheet, photo, layout, 0, title.height)
    font = font_for(" ".join(words), layout.font_size)
    for index, (word, look) in enumerate(zip(words, looks, strict=True), start=1):
        panel = lit(photo, look, regions)
        _place(sheet, panel, layout, index, title.height)
        _label(sheet, word, font, layout, index, title.height)
        if shares is not None:
            _tell_looked(sheet, shares[index - 1], layout, index, title.height)
    return sheet


def _arrange(count: int, size: tuple[int, int], panel_pixels: int, lines: int = 1) -> _Layout:
    """Cells with so many lines of text below their panels, in as many columns as stay readable, one
    or two fewer where that leaves fewer empty cells."""
    scale = panel_pixels / max(size)
    panel = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    font_size = max(12, round(panel_pixels * 0.085))
    cell = max(panel[0], panel_pixels // 2), panel[1] + round((0.35 + 1.15 * lines) * font_size)
    most = max(1, round(5.3 * panel_pixels) // (cell[0] + _GAP))
    choices = range(max(1, most - (2 if count <= 2 * most else 1)), most + 1)
    columns = count if count <= most else min(choices, key=lambda n: (-count % n, -n))
    return _Layout(
        panel=panel,
        cell=cell,
        columns=columns,
        rows=math.ceil(count / columns),
        font_size=font_size,
    )


def _title(caption: str, layout: _Layout) -> Image.Image:
    """The caption across the sheet, on as many lines as it needs."""
    font = font_for(caption, round(layout.font_size * 1.3))
    lines = wrap(printable(caption, font).split(), font, layout.width - 2 * _MARGIN)
    step = line_height(font)
    height = _MARGIN + len(lines) * step + _GAP // 2 if lines else _MARGIN
    title = Image.new("RGB", (layout.width, height), _PAPER)
    draw = ImageDraw.Draw(title)
    for index, line in enumerate(lines):
        text = shorten(" ".join(line), font, layout.width - 2 * _MARGIN)
        write(draw, (_MARGIN, _MARGIN * 0.7 + index * step), text, font, fill=_INK)
    return title


def _place(sheet: Image.Image, panel: Image.Image, layout: _Layout, index: int, top: int) -> None:
    """Puts one panel with rounded corners into the index-th cell."""
    left, down = layout.corner(index)
    sheet.paste(
        panel,
        (left + (layout.cell[0] - panel.width) // 2, top + down),
        mask=_rounded(panel.size, min(_CORNER, *panel.size)),
    )


def _label(
    sheet: Image.Image, word: str, font: Font, layout: _Layout, index: int, top: int
) -> None:
    """Writes a word below its panel."""
    left, down = layout.corner(index)
    below = top + down + layout.panel[1] + layout.font_size * 0.25
    text = shorten(word, font, layout.cell[0])
    draw = ImageDraw.Draw(sheet)
    write(draw, (left + layout.cell[0] / 2, below), text, font, fill=_INK, anchor="ma")


def _tell_looked(sheet: Image.Image, share: float, layout: _Layout, index: int, top: int) -> None:
    """Says below a word how much it looked at the picture at all."""
    left, down = layout.corner(index)
    below = top + down + layout.panel[1] + layout.font_size * 1.5
    text = tell(share)
    font = font_for(text, round(layout.font_size * 0.8))
    draw = ImageDraw.Draw(sheet)
    write(draw, (left + layout.cell[0] / 2, below), text, font, fill=_PALE, anchor="ma")


@functools.lru_cache(maxsize=4)
def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """A mask with smooth round corners, drawn at four times its size."""
    large = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    box = (0, 0, large.width - 1, large.height - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, radius=4 * radius, fill=255)
    return large.resize(size, Image.Resampling.BOX)
