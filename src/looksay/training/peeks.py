"""Peeks: what the model says of a few fixed pictures, beside what people said, with attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL.Image import Image

from looksay.data import Record
from looksay.decoding import DecodingOptions, Stepper, decode
from looksay.images import open_image
from looksay.pictures import Regions, attention_panels
from looksay.runtime.regions import RegionSettings, region_mask
from looksay.text import Vocabulary
from looksay.training.prepared import Features, Looks

NUM_PICTURES = 3  # of each split
PICTURE_SIDE = 640  # pixels: enough to see, small enough to write after each epoch


@dataclass(frozen=True, kw_only=True)
class Peek:
    """Fixed pictures of a split, and their records."""

    split: str
    records: tuple[Record, ...]
    looks: Looks


def choose_peek(features: Features, split: str, seed: int) -> Peek:
    """Three pictures of a split, the same ones after every epoch."""
    records = features.splits[split].records
    count = min(NUM_PICTURES, len(records))
    chosen = np.random.default_rng((seed, len(records))).choice(len(records), count, replace=False)
    looks = features.look(split, chosen.tolist())
    return Peek(split=split, records=tuple(records[i] for i in chosen), looks=looks)


def write_peeks(
    peeks: Sequence[Peek],
    stepper: Stepper,
    vocabulary: Vocabulary,
    layout: tuple[int, int] | RegionSettings,
    options: DecodingOptions,
    folder: Path,
) -> str:
    """Caption the pictures, write `peeks.txt` and an attention picture each; returns the text.

    layout: what attention lies over, a grid's rows and columns, or how regions were found.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for peek in peeks:
        boxes_BR6 = peek.looks.boxes
        mask_BR = None if boxes_BR6 is None else region_mask(boxes_BR6)
        all_found = decode(stepper, peek.looks.features, options, mask_BR)
        for number, (record, found) in enumerate(zip(peek.records, all_found, strict=True)):
            words = vocabulary.decode(found[0].tokens)
            caption = vocabulary.join(words)
            lines += [f"{peek.split} {record.name}", f"  says: {caption}"]
            lines += [f"  people: {reference}" for reference in record.captions]
            attention = found[0].attention[: len(words)]
            image = open_image(peek.looks.pictures[number])
            image.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
            boxes_R6 = None if boxes_BR6 is None else boxes_BR6[number]
            picture = panels_of(image, list(words), attention, layout, boxes_R6, caption=caption)
            picture.convert("RGB").save(folder / f"{peek.split}-{Path(record.name).stem}.jpg")
    text = "\n".join(lines) + "\n"
    (folder / "peeks.txt").write_text(text, encoding="utf-8")
    return text


def panels_of(
    image: Image,
    words: Sequence[str],
    attention_TR: np.ndarray,
    layout: tuple[int, int] | RegionSettings,
    boxes_R6: np.ndarray | None,
    *,
    caption: str,
) -> Image:
    """The attention picture of a caption, over a grid or over regions."""
    if isinstance(layout, RegionSettings):
        assert boxes_R6 is not None, "regions have boxes"
        exist = region_mask(boxes_R6) > 0
        regions = Regions(boxes_R6[exist, :4], tuple(map(layout.name_of, boxes_R6[exist])))
        return attention_panels(
            image, words, attention_TR[:, exist], caption=caption, regions=regions
        )
    return attention_panels(image, words, attention_TR.reshape(-1, *layout), caption=caption)
