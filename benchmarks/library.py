"""What a photo library costs a photograph, and a search, at several sizes; and that it stays flat.

    python benchmarks/library.py --photographs 1000 10000 50000

Captions are drawn at random from words, at no cost: this is the library's own share of the time
(reading, hashing, comparing, writing), beside which captioning with a model takes about 30 ms a
photograph. The photographs are small JPEGs, each its own; large ones add what their reading takes.
Each time is the clock's and, in brackets, the processor's, which says more on a busy machine.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

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


class Times(NamedTuple):
    """Milliseconds by the clock and of the processor."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:8.3f} ({self.processor:7.3f}) ms"


def measure_time(work: Callable[[], Any], share: int = 1) -> tuple[Any, Times]:
    """What it returns, and its time divided by `share`."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    return result, Times(1000 * clock / share, 1000 * processor / share)


def update(folder: Path, database: Path) -> Report:
    model = Model(RandomWords(), "random words", "random words", "{}", {})
    with open_index(database) as index:
        return index.update(index.parts([folder]), model)[0]


def search(database: Path, query: str) -> tuple[Times, int]:
    """The medians of some rounds, and how many photographs there are."""
    library = Library(database)
    rounds = [measure_time(lambda: library.search(query)) for _ in range(ROUNDS)]
    medians = (statistics.median(column) for column in zip(*(t for _, t in rounds), strict=True))
    return Times(*medians), rounds[0][0].total


def measure(count: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, database = Path(scratch, "photographs"), Path(scratch, "photos.db")
        folder.mkdir()
        write_photographs(folder, count)
        print(f"{count:,} photographs, a photograph:", flush=True)

        def run(what: str) -> Report:
            report, times = measure_time(lambda: update(folder, database), count)
            print(f"  {what:20} {times}", flush=True)
            return report

        assert run("first run").captioned == count
        assert run("nothing changed").captioned == 0
        (folder / "0000").rename(folder / "moved")
        assert run("a folder moved").moved == min(500, count)
        print(f"  database {database.stat().st_size / count:20.0f} bytes")
        print("a search:")
        for query in QUERIES:
            times, total = search(database, query)
            print(f"  {query:20} {times}, {total:,} found", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, nargs="+", default=[1000, 10_000, 50_000])
    for count in parser.parse_args().photographs:
        measure(count)


if __name__ == "__main__":
    main()
