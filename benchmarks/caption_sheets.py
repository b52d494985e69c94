"""Contact sheets of a bundle's captions of a seeded sample, to be rated by eye.

    python benchmarks/caption_sheets.py --data flickr8k:~/Flickr8k --output rating/

Writes DIR/sheet-01.png and so on, each of twelve numbered photographs with the caption below, and
DIR/ratings.json with the rules, where "rater" waits for who it was, and every "rating" to become
"right", "partly" or "wrong".
`caption_ratings.py` sums the filled file up. Rate from the sheets alone: no reference is shown.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

import looksay
from looksay.data import Record, load_data
from looksay.pictures.lettering import font_for, line_height, wrap, write
from looksay.runtime.manifest import required_files

RULES = {
    "right": "the main thing is named and everything stated is in the picture",
    "partly": "the main thing is right, and at least half of what is stated (thing, number, "
    "attributes, action, place, objects) is",
    "wrong": "the main thing is not what it is called, or most of what is stated is not so",
}
COLUMNS, ROWS = 4, 3
TILE, TEXT = 340, 84  # pixels: a photograph's square, and the lines below it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    ratings = arguments.output / "ratings.json"
    if ratings.exists():  # somebody's work may be in it
        parser.error(f"{ratings} exists; name another folder")
    captioner = looksay.load(arguments.model, precision="f32")
    records = sample(load_data(arguments.data).split(arguments.split), arguments)
    captions = captioner([record.image for record in records])
    arguments.output.mkdir(parents=True, exist_ok=True)
    per_sheet = COLUMNS * ROWS
    for start in range(0, len(records), per_sheet):
        part = slice(start, start + per_sheet)
        texts = [f"{start + i + 1}. {c.text}" for i, c in enumerate(captions[part])]
        name = f"sheet-{start // per_sheet + 1:02}.png"
        sheet(records[part], texts).save(arguments.output / name)
    content = {
        "model": captioner.name,
        "rater": "",
        "files": {
            name: captioner.bundle.digest(name) for name in required_files(captioner.bundle.config)
        },
        "data": arguments.data.partition(":")[0],
        "split": arguments.split,
        "seed": arguments.seed,
        "rules": RULES,
        "pictures": [
            {"name": record.name, "caption": caption.text, "rating": None}
            for record, caption in zip(records, captions, strict=True)
        ],
    }
    ratings.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def sample(records: list[Record], arguments: argparse.Namespace) -> list[Record]:
    """A seeded sample that does not depend on the records' order."""
    records = sorted(records, key=lambda record: record.name)
    rng = np.random.default_rng(arguments.seed)
    return [records[i] for i in rng.permutation(len(records))[: arguments.count]]


def sheet(records: list[Record], texts: list[str]) -> Image.Image:
    """Twelve photographs, each with its text below."""
    page = Image.new("RGB", (COLUMNS * TILE, ROWS * (TILE + TEXT)), "white")
    draw, font = ImageDraw.Draw(page), font_for("".join(texts), 18)
    for i, (record, text) in enumerate(zip(records, texts, strict=True)):
        x, y = i % COLUMNS * TILE, i // COLUMNS * (TILE + TEXT)
        with Image.open(record.image) as photo:
            page.paste(ImageOps.contain(photo.convert("RGB"), (TILE - 8, TILE - 4)), (x + 4, y))
        for number, line in enumerate(wrap(text.split(), font, TILE - 8)):
            place = (x + 4, y + TILE + number * line_height(font))
            write(draw, place, " ".join(line), font, fill="black")
    return page


if __name__ == "__main__":
    main()
