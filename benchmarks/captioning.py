"""Pictures a second, from files to captions, as a share of the bare backbone's on the same engine.

    python benchmarks/captioning.py ~/Flickr8k/Flicker8k_Dataset --images 1000

The bare backbone runs on pictures that lie in memory already, as many at once as the engine wants.
Rounds take turns, and the medians are compared, because machines drift.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import looksay
from looksay.images import find_images, load_square

METHODS: dict[str, dict] = {
    "greedy": {"method": "greedy"},
    "beam 3": {"beam_size": 3},
    "beam 5": {"beam_size": 5},
    "beam 5, no consensus": {"beam_size": 5, "consensus": 0},
}
LARGE = (4000, 3000)  # 12 megapixels


def rate(count: int, work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def bare(captioner: looksay.Captioner, pictures: list[np.ndarray], at_once: int) -> None:
    """The backbone alone, `at_once` pictures a run, as many runs in flight as the engine wants."""
    graph = captioner._ensemble.backbones.extractors[0]._parallel_graph
    pending = []
    for start in range(0, len(pictures), at_once):
        if len(pending) >= graph.num_parallel:
            pending.pop(0).result()
        pending.append(graph.submit({"images": np.stack(pictures[start : start + at_once])}))
    for run in pending:
        run.result()


def exhaust(captioner: looksay.Captioner, paths: list[Path], options: dict) -> None:
    for _ in captioner.caption_many(paths, **options):
        pass


def enlarge(paths: list[Path], folder: Path) -> list[Path]:
    """The photographs as 12-megapixel JPEG files."""
    made = []
    for index, path in enumerate(paths):
        target = folder / f"{index}.jpg"
        Image.open(path).convert("RGB").resize(LARGE, Image.Resampling.BICUBIC).save(
            target, quality=90
        )
        made.append(target)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--large", type=int, default=40, help="12-megapixel photographs to try")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model")
    parser.add_argument("--engine", default="openvino")
    parser.add_argument("--precision", default="auto")
    arguments = parser.parse_args()

    captioner = looksay.load(
        arguments.model, engine=arguments.engine, precision=arguments.precision
    )
    found = (path for path in find_images([arguments.folder]) if isinstance(path, Path))
    paths = list(itertools.islice(found, arguments.images))
    pictures = [load_square(path, captioner.bundle.image_size) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        large = enlarge(paths[: arguments.large], Path(folder))
        works: dict[str, tuple[int, Callable[[], object]]] = {
            f"backbone alone, {n} at once": (
                len(pictures), lambda n=n: bare(captioner, pictures, n))
            for n in (1, 4, 8)
        }  # fmt: skip
        for name, options in METHODS.items():
            works[name] = (len(paths), lambda o=options: exhaust(captioner, paths, o))
        works["greedy, 12 megapixels"] = (
            len(large), lambda: exhaust(captioner, large, METHODS["greedy"]))  # fmt: skip
        exhaust(captioner, paths[:32], {})  # compile before the clock runs
        rates: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(arguments.rounds):
            for name, (count, work) in works.items():
                rates[name].append(rate(count, work))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    best = max(value for name, value in medians.items() if name.startswith("backbone"))
    print(f"{arguments.engine}, {captioner.precision}, {len(paths)} pictures, "
          f"medians of {arguments.rounds} rounds")  # fmt: skip
    for name, value in medians.items():
        spread = f"{min(rates[name]):.1f} to {max(rates[name]):.1f}"
        print(f"{name:<28}{value:7.1f} pictures/s ({spread}){value / best:8.2f} of the backbone")


if __name__ == "__main__":
    main()
