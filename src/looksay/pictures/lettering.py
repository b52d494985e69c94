"""Words on pictures: a font that has the letters, lines that fit.

Pillow carries a font of plain Latin letters. Other text is written in the first of the usual
system fonts that has all its letters; where there is none, accents are dropped and what is still
missing becomes hollow boxes.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence

from PIL import ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Tried in this order, by the names under which Linux, macOS and Windows install them.
_SYSTEM_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "wqy-zenhei.ttc",
    "Arial Unicode.ttf",
    "Hiragino Sans GB.ttc",
    "PingFang.ttc",
    "msyh.ttc",
    "msgothic.ttc",
    "malgun.ttf",
    "Nirmala.ttf",
    "arial.ttf",
)
_NEVER_A_LETTER = "\U0010ffff"  # every font draws its "missing letter" box for it
_ELLIPSIS = "..."


def font_for(text: str, size: int) -> Font:
    """A readable font of `size` pixels that has the letters of `text`, as far as one is found."""
    letters = frozenset(text)
    for name in (None, *_SYSTEM_FONTS):
        font = _font(name, size)
        if font is not None and _missing(font, letters) == 0:
            return font
    candidates = [font for name in (None, *_SYSTEM_FONTS) if (font := _font(name, size))]
    return min(candidates, key=lambda font: _missing(font, letters))


@functools.lru_cache(maxsize=128)
def _font(name: str | None, size: int) -> Font | None:
    try:
        if name is None:
            return ImageFont.load_default(size)
        return ImageFont.truetype(name, size)
    except OSError:
        return None
    except ImportError:  # a Pillow built without FreeType has one small font of fixed size
        return ImageFont.load_default() if name is None else None


def _missing(font: Font, letters: frozenset[str]) -> int:
    """How many of the letters the font would draw as a box."""
    if not isinstance(font, ImageFont.FreeTypeFont):
        return sum(ord(letter) > 255 for letter in letters)
    return sum(
        not letter.isascii()
        and not letter.isspace()
        and not unicodedata.combining(letter)
        and bytes(font.getmask(letter)) == bytes(font.getmask(_NEVER_A_LETTER))
        for letter in letters
    )


def printable(text: str, font: Font) -> str:
    """The text as this font can take it: on one line, without accents that it lacks."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = "".join(_plain(c) if _missing(font, frozenset(c)) else c for c in text)
    if isinstance(font, ImageFont.FreeTypeFont):
        return text
    return text.encode("latin-1", "replace").decode("latin-1")


def _plain(letter: str) -> str:
    """The letter without its accents, where it can be taken apart."""
    return unicodedata.normalize("NFKD", letter)[0]


def shorten(text: str, font: Font, width: int) -> str:
    """The text, cut and closed with an ellipsis where it is wider than `width` pixels."""
    text = printable(text, font)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + _ELLIPSIS) > width:
        text = text[:-1]
    return text + _ELLIPSIS


def wrap(
    words: Sequence[str], font: Font, width: float, space: float | None = None
) -> list[list[str]]:
    """The words broken into lines of at most `width` pixels; a word too long stands alone.

    `space` is what lies between two words, in pixels: the font's own where it is None.
    """
    space = font.getlength(" ") if space is None else space
    lines: list[list[str]] = []
    used = 0.0
    for word in words:
        length = font.getlength(word)
        if lines and used + space + length <= width:
            lines[-1].append(word)
            used += space + length
        else:
            lines.append([word])
            used = length
    return lines


def line_height(font: Font) -> int:
    """Pixels from one line of text to the next."""
    return round(1.4 * getattr(font, "size", 11))


def write(draw: ImageDraw.ImageDraw, xy: tuple[float, float], text: str, font: Font, **how) -> None:
    """Draws one line; `anchor` as Pillow's, which the bitmap font does not know."""
    if not isinstance(font, ImageFont.FreeTypeFont):
        anchor = how.pop("anchor", "la")
        shift = {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]] * font.getlength(text)
        drop = {"a": 0, "t": 0, "m": 6, "s": 11, "b": 11}[anchor[1]]
        xy = (xy[0] - shift, xy[1] - drop)
    draw.text(xy, text, font=font, **how)
