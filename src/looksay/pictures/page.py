"""A caption one can point at: a web page in a single file."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from looksay.images import ImageSource, open_image
from looksay.pictures.looked import looked, tell
from looksay.pictures.maps import KERNEL_PLACES, fit, light, spread
from looksay.pictures.overlays import lamp
from looksay.pictures.page_template import PAGE
from looksay.pictures.regions import Regions, brightest, check_looks

_PHOTO_PIXELS = 1200
_REGIONS = (
    ("upper left", "top", "upper right"),
    ("left", "centre", "right"),
    ("lower left", "bottom", "lower right"),
)
_EVERYWHERE = "the whole picture"
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


def region(attention_RC: np.ndarray) -> str:
    """The part of the picture where a grid's weight peaks, in words: "upper left", "centre"."""
    smooth = spread(attention_RC, (60, 60))
    peak = float(smooth.max())
    if peak - float(smooth.min()) < float(smooth.mean()):
        return _EVERYWHERE  # nearly even, and shown so
    row, column = divmod(int(smooth.argmax()), smooth.shape[1])
    return _REGIONS[row // 20][column // 20]


def _button(word: str) -> str:
    return f'<li><button type="button" aria-pressed="false">{html.escape(word)}</button></li>'


def _data_uri(photo: Image.Image) -> str:
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=86, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _json(looks: np.ndarray, regions: Regions | None) -> str:
    """The script's data, weights and light in whole numbers from 0 to 255."""
    data = _of_grids(looks) if regions is None else _of_regions(looks, regions)
    shares = looked(looks)
    if shares is not None:
        pairs = zip(data["where"], shares, strict=True)
        data["where"] = [f"{where}, {tell(share)}" for where, share in pairs]
        data["looked"] = [round(share, 3) for share in shares]
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _of_grids(grids_TRC: np.ndarray) -> dict[str, Any]:
    """Each grid, its own peak being 255."""
    peaks_T = np.maximum(grids_TRC.max(axis=(1, 2), initial=0), 1e-12)
    whole_TRC = np.rint(grids_TRC * (255 / peaks_T[:, None, None])).astype(int)
    return {
        "kernel": KERNEL_PLACES,
        "grids": whole_TRC.tolist(),
        "where": [region(grid_RC) for grid_RC in grids_TRC],
    }


def _of_regions(weights_TR: np.ndarray, regions: Regions) -> dict[str, Any]:
    """The boxes, how brightly each word lights each, and which it frames, brightest first."""
    framed = [brightest(weights_R) for weights_R in weights_TR]
    levels = [np.rint(255 * light(weights_R)).astype(int).tolist() for weights_R in weights_TR]
    return {
        "boxes": np.round(regions.boxes.astype(float), 4).tolist(),
        "names": list(regions.names),
        "levels": levels,
        "framed": framed,
        "where": [_named(shown, regions) for shown in framed],
    }


def _named(shown: list[int], regions: Regions) -> str:
    """What a word looks at, in words: the framed boxes' names, or where the brightest lies."""
    if not shown:
        return _EVERYWHERE
    names = dict.fromkeys(regions.names[number] for number in shown if regions.names[number])
    if names:
        return ", ".join(names)
    x0, y0, x1, y1 = regions.boxes[shown[0]]
    return _REGIONS[min(int(1.5 * (y0 + y1)), 2)][min(int(1.5 * (x0 + x1)), 2)]
