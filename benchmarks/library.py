"""What a photo library costs a photograph, and a search, at several sizes; and that it stays flat.

    python benchmarks/library.py --photographs 1000 10000 50000

Captions are drawn at random from words, at no cost: this is the library's own share of the time
(reading, hashing, comparing, writing), beside which captioning with a model takes about 30 ms a
photograph. The photographs are small JPEGs, each its own; large ones add what their reading takes.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from looksay.library import Library, Model, Report, open_index

NOUNS = "dog cat man woman boy girl child horse bird surfer skier player cyclist crowd".split()
VERBS = "runs sits stands jumps plays walks swims climbs rides waits".split()
PLACES = "beach street park field lake mountain stage pool snow ramp river forest".split()
COLOURS = "red blue green black white brown yellow orange".split()
QUERIES = ("dog on a beach", '"brown dog" -street', "surfer OR swimmer", "dog", "rare0007")
ROUNDS = 20


class Result:
    def __init__(self, caption: str) -> None:
        self._caption = caption

    def to_json(self) -> dict[str, Any]:
        return {
            "caption": self._caption,
            "words": self._caption.split(),
            "log_prob": -3.0,
            "alternatives": [],
            "error": None,
        }


class RandomWords:
    """Stands in for a captioner; every thousandth caption has a word of its own."""

    def caption_many(self, sources: Iterable[Any], **_: Any) -> Iterator[Result]:
        draw = random.Random(0).choice
        for number, _source in enumerate(sources):
            words = f"a {draw(COLOURS)} {draw(NOUNS)} {draw(VERBS)} on a {draw(PLACES)}"
            yield Result(words + (f" rare{number // 1000:04}" if number % 1000 == 0 else ""))


def write_photographs(folder: Path, count: int) -> None:
    """Small distinct JPEGs, five hundred a folder: one picture and a comment of its own each."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    start, rest = file.getvalue()[:2], file.getvalue()[2:]
    for number in range(count):
        place = folder / f"{number // 500:04}"
        place.mkdir(exist_ok=True)
        text = f"{number:08}".encode()
        comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
        (place / f"{number:08}.jpg").write_bytes(start + comment + rest)


def update(folder: Path, database: Path) -> tuple[Report, float]:
    model = Model(RandomWords(), "random words", "random words", "{}", {})
    begun = time.perf_counter()
    with open_index(database) as index:
        report, _ = index.update(index.parts([folder]), model)
    return report, time.perf_counter() - begun


def search_milliseconds(database: Path, query: str) -> tuple[float, int]:
    """The median of some rounds, and how many photographs there are."""
    library, times = Library(database), []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        results = library.search(query)
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times), results.total


def measure(count: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, database = Path(scratch, "photographs"), Path(scratch, "photos.db")
        folder.mkdir()
        write_photographs(folder, count)
        report, seconds = update(folder, database)
        assert report.captioned == count
        print(f"{count:,} photographs", flush=True)
        print(f"  first run           {1000 * seconds / count:8.3f} ms a photograph")
        report, seconds = update(folder, database)
        assert report.captioned == 0
        print(f"  nothing changed     {1000 * seconds / count:8.3f} ms a photograph")
        (folder / "0000").rename(folder / "moved")
        report, seconds = update(folder, database)
        assert (report.moved, report.captioned) == (min(500, count), 0)
        print(f"  a folder moved      {1000 * seconds / count:8.3f} ms a photograph")
        print(f"  database            {database.stat().st_size / count:8.0f} bytes a photograph")
        for query in QUERIES:
            milliseconds, total = search_milliseconds(database, query)
            print(f"  search {query!r:24} {milliseconds:7.1f} ms ({total:,} found)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, nargs="+", default=[1000, 10_000, 50_000])
    for count in parser.parse_args().photographs:
        measure(count)


if __name__ == "__main__":
    main()
