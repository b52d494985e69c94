"""Trains and scores the architectures under one budget, a result file for each model and seed.

    python benchmarks/comparison.py flickr8k:~/Flickr8k --features DIR --runs DIR
    python benchmarks/comparison.py flickr8k:~/Flickr8k --runs DIR --only transformer --seed 1

comparison/budget.toml says what all have in common. A run that was stopped is gone on with; one
that has its result file is not done again. comparison_table.py puts the results into the README.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("comparison")
BUDGET = FOLDER / "budget.toml"


def load_budget() -> dict[str, Any]:
    return tomllib.loads(BUDGET.read_text(encoding="utf-8"))


def result_file(model: str, seed: int) -> Path:
    return FOLDER / f"{model}-{seed}.json"


def settings_of(budget: dict[str, Any], model: str, seed: int) -> list[str]:
    """The `--set` values that put a model's recipe under the budget."""
    own = budget["models"][model].get("settings", [])
    return [*budget["budget"], *own, f"training.seed={seed}"]


def wanted(budget: dict[str, Any], arguments: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """Models and seeds that have no result yet: every model's first seed comes first."""
    names = arguments.only or list(budget["models"])
    seeds = [(s, name) for name in names for s in arguments.seed or budget["models"][name]["seeds"]]
    for seed, name in sorted(seeds, key=lambda pair: pair[0]):
        if not result_file(name, seed).exists():
            yield name, seed


def looksay(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "looksay", *map(str, words)], check=True)


def train(budget: dict[str, Any], model: str, seed: int, arguments: argparse.Namespace) -> Path:
    """The run's folder, trained to its end."""
    run = arguments.runs / f"{model}-{seed}"
    words: list[object] = ["train", budget["models"][model]["recipe"], "--data", arguments.data]
    words += ["--run", run]
    for setting in settings_of(budget, model, seed):
        words += ["--set", setting]
    if arguments.features:
        words += ["--features", arguments.features]
    if (run / "recipe.json").exists():
        words.append("--resume")
    if not (run / "bundle" / "bundle.json").exists():
        looksay(*words)
    return run


def score(bundle: Path, data: str, *options: str) -> dict[str, float]:
    """Dev scores of a bundle's captions, its graphs run on the photographs, in float32."""
    with tempfile.TemporaryDirectory() as folder:
        looksay("evaluate", bundle, "--data", data, "--split", "dev", "--precision", "f32",
                "--no-java", "--resamples", "0", "--output", folder, *options)  # fmt: skip
        return json.loads((Path(folder) / "scores.json").read_text())["scores"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="flickr8k:DIR")
    parser.add_argument("--features", type=Path, help="where features are kept")
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--only", action="append", metavar="MODEL")
    parser.add_argument("--seed", action="append", type=int)
    arguments = parser.parse_args()
    budget = load_budget()
    for model, seed in wanted(budget, arguments):
        run = train(budget, model, seed, arguments)
        bundle = run / "bundle"
        config = json.loads((bundle / "bundle.json").read_text())
        result = {
            "model": model,
            "seed": seed,
            "recipe": budget["models"][model]["recipe"],
            "settings": settings_of(budget, model, seed),
            "command": f"python benchmarks/comparison.py flickr8k:DIR --runs RUNS --only {model} "
            f"--seed {seed}",
            "words": config["model"]["vocabulary_size"],
            "scores": {
                "greedy": score(bundle, arguments.data, "--greedy"),
                "beam 5": score(bundle, arguments.data),
            },
        }
        text = json.dumps(result, indent=1) + "\n"
        result_file(model, seed).write_text(text, encoding="utf-8")
        print(f"{model}, seed {seed}: {result['scores']}", flush=True)


if __name__ == "__main__":
    main()
