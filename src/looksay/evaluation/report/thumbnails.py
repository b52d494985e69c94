"""Photographs made small, each opened once."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PIL import Image, features

from looksay.errors import ImageError
from looksay.images import open_image
from looksay.pictures.maps import fit
from looksay.pictures.overlays import lamp

DEFAULT_PIXELS = 192  # a thousand photographs are about 8 MB
_QUALITY = 60
_EFFORT = 2  # WebP's 0 to 6: more takes half as long again, for 4% fewer bytes
_THREADS = 2


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """uri: the small picture as a data URI. lamp: how much brighter its lit part is shown."""

    uri: str
    width: int
    height: int
    lamp: float


class Thumbnails:
    """Small pictures of photographs, the longest side of `pixels`; none where that is 0.

    Those whose photographs `watch` was shown are made then; the others when they are asked for.
    """

    def __init__(self, pixels: int = DEFAULT_PIXELS):
        self.pixels = pixels
        self._made: dict[str, Thumbnail] = {}

    def watch(self, source: Any, photo: Image.Image) -> None:
        """Take a photograph that somebody has opened, perhaps reduced; safe in any thread."""
        if self.pixels and max(photo.size) >= self.pixels:
            self._made[os.fspath(source)] = _shrink(photo, self.pixels)

    def of(self, paths: Iterable[str | os.PathLike[str]]) -> Iterator[Thumbnail | str | None]:
        """Each photograph's, in order: a sentence where it cannot be read, None where none are
        wanted."""
        with ThreadPoolExecutor(_THREADS, "looksay-thumbnails") as pool:
            yield from pool.map(self._one, paths)

    def _one(self, path: str | os.PathLike[str]) -> Thumbnail | str | None:
        if not self.pixels:
            return None
        made = self._made.get(os.fspath(path))
        if made is not None:
            return made
        try:
            return _shrink(open_image(path, at_least=self.pixels), self.pixels)
        except ImageError as error:
            return str(error)


def _shrink(photo: Image.Image, pixels: int) -> Thumbnail:
    size = fit(photo.size, pixels)
    small = photo.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    file = io.BytesIO()
    if features.check("webp"):
        small.save(file, "WEBP", quality=_QUALITY, method=_EFFORT)
        kind = "webp"
    else:
        small.save(file, "JPEG", quality=_QUALITY, optimize=True)
        kind = "jpeg"
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return Thumbnail(
        uri=f"data:image/{kind};base64,{data}",
        width=small.width,
        height=small.height,
        lamp=round(lamp(small), 2),
    )
