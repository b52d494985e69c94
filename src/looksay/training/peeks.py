"""Peeks: what the model says of a few fixed pictures, beside what people said, with attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from looksay.data import Record
from looksay.decoding import DecodingOptions, Stepper, decode
from looksay.images import open_image
from looksay.pictures import attention_panels
from looksay.text import Vocabulary

NUM_PICTURES = 3  # of each split
PICTURE_SIDE = 640  # pixels: enough to see, small enough to write after each epoch


@dataclass(frozen=True, kw_only=True)
class Peek:
    """Fixed pictures of a split: records and their features (B, R, D)."""

    split: str
    records: tuple[Record, ...]
    features: np.ndarray


def choose_peek(
    split: str, records: Sequence[Record], rows: np.ndarray, features_NRD: np.ndarray, seed: int
) -> Peek:
    """Three pictures of a split, the same ones after every epoch."""
    count = min(NUM_PICTURES, len(records))
    chosen = np.random.default_rng((seed, len(records))).choice(len(records), count, replace=False)
    features = features_NRD[rows[chosen, 0]].astype(np.float32)
    return Peek(split=split, records=tuple(records[i] for i in chosen), features=features)


def write_peeks(
    peeks: Sequence[Peek],
    stepper: Stepper,
    vocabulary: Vocabulary,
    grid: tuple[int, int],
    options: DecodingOptions,
    folder: Path,
) -> str:
    """Caption the pictures, write `peeks.md` and an attention picture each; returns the text."""
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for peek in peeks:
        for record, found in zip(
            peek.records, decode(stepper, peek.features, options), strict=True
        ):
            words = vocabulary.decode(found[0].tokens)
            caption = vocabulary.join(words)
            lines += [f"{peek.split} {record.name}", f"  says: {caption}"]
            lines += [f"  people: {reference}" for reference in record.captions]
            attention = found[0].attention[: len(words)].reshape(-1, *grid)
            image = open_image(record.image)
            image.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
            picture = attention_panels(image, list(words), attention, caption=caption)
            picture.convert("RGB").save(folder / f"{peek.split}-{Path(record.name).stem}.jpg")
    text = "\n".join(lines) + "\n"
    (folder / "peeks.txt").write_text(text, encoding="utf-8")
    return text
