"""How fast each architecture of the comparison trains and captions, as a share of soft attention.

    python benchmarks/comparison_speed.py flickr8k:~/Flickr8k PHOTOGRAPHS --runs DIR

Training counts captions a second on features of random numbers, compiling apart
(training_speed.py); captioning counts pictures a second from JPEG files with a beam of 5. Rounds of
all take turns, and the medians go to comparison/speed.json. A model without result is left out.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from captioning import exhaust, rate
from comparison import load_budget, result_file, settings_of
from comparison_table import SPEED
from training_speed import ours

import looksay
from looksay.data import load_data
from looksay.images import find_images
from looksay.training.prepare import prepare_words
from looksay.training.recipe import load_recipe

REFERENCE = "show_attend_tell"

Work = tuple[int, Callable[[], object]]
"""How many captions or pictures a round does, and the round."""


def compared(budget: dict[str, Any]) -> dict[str, Any]:
    """The models of the comparison that have a result."""
    return {name: m for name, m in budget["models"].items() if result_file(name, 0).exists()}


def training(data: str, batches: int) -> dict[str, Work]:
    """A round of training of each architecture, compiled."""
    budget, works = load_budget(), {}
    for name, model in compared(budget).items():
        recipe = load_recipe(model["recipe"], settings_of(budget, name, 0))
        words = prepare_words(load_data(data).split("train"), recipe.text)
        one_round, captions = ours(recipe, words, batches)
        one_round()
        works[name] = captions, one_round
    return works


def captioning(runs: Path, photographs: Path, number: int) -> dict[str, Work]:
    """A round of captioning with each bundle, its graphs compiled."""
    found = (path for path in find_images([photographs]) if isinstance(path, Path))
    paths, works = list(itertools.islice(found, number)), {}
    for name in compared(load_budget()):
        captioner = looksay.load(runs / f"{name}-0" / "bundle")
        exhaust(captioner, paths[:32], {})
        works[name] = len(paths), lambda c=captioner: exhaust(c, paths, {})
    return works


def shares(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Each one's median rate as a share of the reference's."""
    rates: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, (count, work) in works.items():
            rates[name].append(rate(count, work))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, values in rates.items():
        print(f"{name:<22}{medians[name]:8.1f} a second ({min(values):.1f} to {max(values):.1f})")
    return {name: round(value / medians[REFERENCE], 3) for name, value in medians.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="flickr8k:DIR")
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--batches", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=["captioning", "training"])
    arguments = parser.parse_args()
    works = {
        "captioning": lambda: captioning(arguments.runs, arguments.photographs, arguments.images),
        "training": lambda: training(arguments.data, arguments.batches),
    }
    by_model = json.loads(SPEED.read_text(encoding="utf-8")) if SPEED.exists() else {}
    for kind in arguments.only or works:
        for name, share in shares(works[kind](), arguments.rounds).items():
            by_model.setdefault(name, {})[kind] = share
        SPEED.write_text(json.dumps(by_model, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
