"""What a data set of COCO's size costs before and between training steps, and that it stays flat.

    python benchmarks/coco_size.py                     # a tenth of COCO, COCO, and ten times COCO
    python benchmarks/coco_size.py --photographs DIR   # and what hashing photographs costs

The data set is made up: 123,287 pictures with 616,767 captions in COCO's own JSON (118,287 pictures
to train on, 5,000 dev, as in 2017), the words drawn as often as words are, the photographs empty
files. The feature store has the rows that the default recipe keeps of them (four views of a
training picture, 207 kB each), in a sparse file which takes no disk. Everything that reads them is
looksay's own. Of the epoch's batches a share is made, spread over the epoch, and the time is
multiplied to the whole; once from the file, where the system has to make a page of zeros of each
hole, which takes far longer than the batch, and once with few features in memory.

Ten times COCO goes through vocabulary, store and plan, with COCO's captions ten times over; not
through reading its JSON, which is read as one object and would take ten times the memory.

Times are the clock's and the processor's, which says more on a busy machine. Memory is anonymous
(RssAnon): mapped features belong to the system's cache.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from looksay.data import Record, load_data
from looksay.features.extract import hash_all
from looksay.features.store import FeatureStore
from looksay.training.batches import CaptionBatches
from looksay.training.prepare import Split, Words, prepare_words, shown_rows
from looksay.training.recipe import load_recipe

PICTURES = {"train": 118_287, "val": 5_000}
CAPTIONS = {"train": 591_753, "val": 25_014}
WORDS = 30_000
IDENTITY = {"name": "sparse", "grid": [9, 9], "feature_size": 1280}
ROW_BYTES = 9 * 9 * 1280 * 2
HASHING_ROUNDS = 20
ROWS_IN_MEMORY = 512


class Memory:
    """The most anonymous memory, in GiB, since it was last asked."""

    def __init__(self) -> None:
        self._peak = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self._peak = max(self._peak, self._now())
            time.sleep(0.1)

    def _now(self) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

    def peak(self) -> float:
        peak, self._peak = max(self._peak, self._now()), 0
        return peak / 2**20


def make_captions(count: int, seed: int) -> list[str]:
    """Captions of 8 words and more, 10.4 in the mean, their words as frequent as Zipf has it."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(letters[[n // 676 % 26, n // 26 % 26, n % 26, n % 7]]) for n in range(WORDS)]
    shares = 1.0 / np.arange(1, WORDS + 1)
    lengths = np.minimum(8 + rng.geometric(0.29, count) - 1, 50)
    drawn = np.searchsorted(np.cumsum(shares / shares.sum()), rng.random(lengths.sum()))
    parts = np.split(np.minimum(drawn, WORDS - 1), np.cumsum(lengths)[:-1])
    return [" ".join(words[n] for n in part.tolist()).capitalize() + "." for part in parts]


def write_coco(folder: Path, share: float) -> None:
    """The data set in COCO's own layout, its photographs empty files."""
    (folder / "annotations").mkdir(parents=True)
    for part, full in PICTURES.items():
        pictures, captions = round(full * share), round(CAPTIONS[part] * share)
        images = [
            {"license": 3, "file_name": f"{n:012}.jpg", "height": 427, "width": 640, "id": n,
             "coco_url": f"http://images.cocodataset.org/{part}2017/{n:012}.jpg",
             "date_captured": "2013-11-14 11:18:45",
             "flickr_url": f"http://farm9.staticflickr.com/8186/{n:010}_76b5f0b2b2_z.jpg"}
            for n in range(len(part) * 10**6, len(part) * 10**6 + pictures)
        ]  # fmt: skip
        texts = make_captions(captions, seed=len(part))
        annotations = [
            {"image_id": images[number % pictures]["id"], "id": number, "caption": text}
            for number, text in enumerate(texts)
        ]
        content = {"info": {}, "licenses": [], "images": images, "annotations": annotations}
        file = folder / "annotations" / f"captions_{part}2017.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        (folder / f"{part}2017").mkdir()
        for image in images:
            (folder / f"{part}2017" / image["file_name"]).touch()


def key(number: int) -> str:
    """Stands in for a photograph's hash."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def write_store(folder: Path, pictures: int, views: Sequence[str]) -> None:
    """A store of so many pictures' features, all holes."""
    FeatureStore(folder, IDENTITY)
    with (folder / "index.txt").open("w", encoding="ascii") as file:
        for number in range(pictures):
            digest = key(number)
            file.writelines(f"{digest} {view}\n" for view in views)
    with (folder / "features.f16").open("wb") as file:
        file.truncate(pictures * len(views) * ROW_BYTES)


class Report:
    """Runs the parts, and prints a line for each."""

    def __init__(self, times: float) -> None:
        self.captions = times * sum(CAPTIONS.values())
        self._memory = Memory()
        print(f"\n{times:g} x COCO: {self.captions:,.0f} captions", flush=True)
        print(f"{'':<40}{'clock s':>9}{'CPU s':>9}{'us/caption':>12}{'GiB':>7}", flush=True)

    def part(self, name: str, work: Callable[[], Any], whole: float = 1.0) -> Any:
        """What `work` gives. whole: how much more the whole of it would be."""
        self._memory.peak()
        clock, processor = time.perf_counter(), time.process_time()
        result = work()
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        clock, processor = clock * whole, processor * whole
        each, peak = 1e6 * processor / self.captions, self._memory.peak()
        print(f"{name:<40}{clock:9.1f}{processor:9.1f}{each:12.2f}{peak:7.2f}", flush=True)
        return result


def measure(times: float, batch_share: float) -> None:
    """All parts, or those that ten times COCO goes through."""
    report = Report(times)
    recipe = load_recipe("default")
    views = recipe.features.views
    with tempfile.TemporaryDirectory(prefix="coco-size-") as scratch:
        folder = Path(scratch, "coco")
        child = multiprocessing.get_context("spawn").Process(  # its memory is not ours
            target=write_coco, args=(folder, min(times, 1.0))
        )
        child.start(), child.join()
        if times <= 1:
            dataset = report.part("index (load_data)", lambda: load_data(f"coco:{folder}"))
            records = dataset.split("train")
        else:
            once = load_data(f"coco:{folder}").split("train")
            records = once * round(times)
        write_store(Path(scratch, "store"), len(records), views)
        words = report.part("vocabulary and tokens", lambda: prepare_words(records, recipe.text))
        report.part("frequencies of the words", words.log_frequencies)
        store = report.part("store", lambda: FeatureStore(Path(scratch, "store"), IDENTITY))
        batches = plan(report, recipe, records, store, words)
        if times <= 1:
            read(report, batches, batch_share)
        shutil.rmtree(scratch)


def plan(
    report: Report, recipe: Any, records: Sequence[Record], store: FeatureStore, words: Words
) -> CaptionBatches:
    """The plans of the first two epochs."""
    views = recipe.features.views

    def rows() -> list[np.ndarray]:
        keys = [(key(number), view) for number in range(len(records)) for view in views]
        split = Split(records=tuple(records), rows=store.rows(keys).reshape(-1, len(views)))
        return shown_rows(split, views, recipe.training.sided_words)

    shown = report.part("rows of the views", rows)
    batches = report.part(
        "lengths, first epoch's plan",
        lambda: CaptionBatches(store.array(), shown, words.captions, batch_pictures=32),
    )
    report.part("next epoch's plan", batches.plan_next)
    return batches


def read(report: Report, batches: CaptionBatches, share: float) -> None:
    """A share of the epoch's batches."""
    chosen = range(0, len(batches), max(1, round(1 / share)))

    def go() -> None:
        for index in chosen:
            batches[index]

    whole, made = len(batches) / len(chosen), f"{len(batches):,} batches ({len(chosen):,} made)"
    report.part(f"{made}, holes", go, whole)
    batches.features = np.zeros((ROWS_IN_MEMORY, *batches.features.shape[1:]), np.float16)
    batches.rows = [rows % ROWS_IN_MEMORY for rows in batches.rows]
    report.part("  with features in memory", go, whole)


def hash_photographs(folder: Path) -> None:
    """What hashing costs, which a training does of every photograph before anything else."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".png"))
    size = sum(path.stat().st_size for path in paths)
    clock, processor = time.perf_counter(), time.process_time()
    for _ in range(HASHING_ROUNDS):
        hash_all(paths)
    clock = (time.perf_counter() - clock) / HASHING_ROUNDS
    processor = (time.process_time() - processor) / HASHING_ROUNDS
    print(
        f"hashing {len(paths):,} photographs of {size / len(paths) / 1000:.0f} kB: "
        f"{clock:.2f} s, {processor:.2f} s of the processor; "
        f"{1e6 * processor / len(paths):.0f} us each, {size / processor / 1e6:.0f} MB/s of it"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=float, nargs="*", default=[0.1, 1, 10])
    parser.add_argument("--batch-share", type=float, default=0.02, help="of the epoch's batches")
    parser.add_argument("--photographs", type=Path, metavar="DIR", help="hash these too")
    arguments = parser.parse_args()
    for times in arguments.times:  # each in a process of its own, which begins with nothing
        child = multiprocessing.get_context("spawn").Process(
            target=measure, args=(times, arguments.batch_share)
        )
        child.start(), child.join()
    if arguments.photographs:
        hash_photographs(arguments.photographs)


if __name__ == "__main__":
    main()
