"""A captioner that needs no model: what it says of a picture is its colour, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from looksay.captioner import Caption, CaptionError
from looksay.errors import ImageError
from looksay.images import open_image


class ColourCaptioner:
    """Says "a red picture" and so on; is half as sure of blue ones. Remembers what it looked at."""

    name = "colours"

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def caption_many(
        self, sources: Iterable[Any], *, with_errors: bool, **_: Any
    ) -> Iterator[Caption | CaptionError]:
        assert with_errors
        for source in sources:
            self.seen.append(source)
            try:
                pixel = open_image(source).resize((1, 1)).getpixel((0, 0))
            except ImageError as error:
                yield CaptionError(image=None, error=error, model=self.name)
                continue
            assert isinstance(pixel, tuple)
            colour = ("red", "green", "blue")[int(np.argmax(pixel))]
            yield caption_of(f"a {colour} picture .", 0.4 if colour == "blue" else 0.9)


def caption_of(text: str, probability: float) -> Caption:
    """A caption of these words, each of that probability."""
    words = tuple(text.split())
    log_probs = np.full(len(words), np.log(probability), np.float32)
    return Caption(
        text=text,
        words=words,
        log_prob=float(log_probs.sum()),
        log_probs=log_probs,
        end_log_prob=-0.1,
        attention=np.full((len(words), 1, 1), 1.0, np.float32),
        end_attention=None,
        score=-1.0,
        model="colours",
    )
