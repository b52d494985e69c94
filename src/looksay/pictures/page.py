"""A caption one can point at: a web page in a single file."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from looksay.images import ImageSource, open_image
from looksay.pictures.maps import fit
from looksay.pictures.overlays import lamp
from looksay.pictures.page_data import page_data, script_json
from looksay.pictures.page_template import PAGE
from looksay.pictures.regions import Regions, check_looks

_PHOTO_PIXELS = 1200
_HINT = "Point at a word, tap it, or tab to it."


def attention_html(
    image: ImageSource,
    words: Sequence[str],
    attention: np.ndarray,
    *,
    title: str | None = None,
    regions: Regions | None = None,
) -> str:
    """One HTML file in which pointing at, tapping or tabbing to a word lights where it looks.

    It holds all it needs (the photograph as a JPEG of at most 1200 pixels, the attention as small
    whole numbers, its own script) and requests nothing. Follows the reader's choice of a dark or
    light page, and works from the keyboard and with a screen reader, which is told in which part
    of the picture the light lies.

    Args:
        image: anything `images.open_image` takes.
        words: the caption's words.
        attention: weights (words, rows, columns), or with `regions` (words, regions). Where those
            of a word add up to less than 1, it is told how much each word looked at the picture.
        title: the page's title and heading; the caption where it is None.
        regions: the boxes that attention lies over, where it does not lie over a grid.
    """
    looks = check_looks(words, attention, regions)
    photo = open_image(image, at_least=_PHOTO_PIXELS)
    photo = photo.resize(fit(photo.size, _PHOTO_PIXELS), Image.Resampling.LANCZOS, reducing_gap=3.0)
    caption = " ".join(words)
    return PAGE.substitute(
        title=html.escape(title or caption or "A photograph"),
        heading=html.escape(title or "Where the model looked for each word"),
        alt=html.escape(caption),
        width=photo.width,
        height=photo.height,
        lamp=f"{lamp(photo):.2f}",
        photo=_data_uri(photo),
        words="\n".join(map(_button, words)),
        hint=_HINT if len(words) else "There are no words.",
        attention=_json(looks, regions),
    )


def _button(word: str) -> str:
    return f'<li><button type="button" aria-pressed="false">{html.escape(word)}</button></li>'


def _data_uri(photo: Image.Image) -> str:
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=86, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _json(looks: np.ndarray, regions: Regions | None) -> str:
    return script_json(
        {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in page_data(looks, regions).items()
        }
    )
