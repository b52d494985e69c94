"""The README's comparison of architectures: `python benchmarks/comparison_table.py --write`.

Made of the result files in comparison/, which comparison.py writes; speeds are those of
comparison/speed.json (comparison_speed.py). A test holds the README to this table.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from comparison import FOLDER, load_budget, result_file, settings_of  # noqa: E402
from readme_part import line, print_or_write  # noqa: E402

from looksay.features.backbones import get_backbone  # noqa: E402
from looksay.models import build_model  # noqa: E402
from looksay.training.recipe import load_recipe  # noqa: E402

NAME, SCRIPT = "comparison", "comparison_table.py"
SPEED = FOLDER / "speed.json"
HEAD = ("model", "after", "greedy CIDEr-D", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L",
        "CIDEr-D", "parameters", "training", "captioning")  # fmt: skip
RULE = "|---|---|" + "---:|" * (len(HEAD) - 2)


def make_table() -> str:
    """Markdown, a row a model, best CIDEr-D with beam 5 first; a model without result is left
    out."""
    budget = load_budget()
    speed = json.loads(SPEED.read_text(encoding="utf-8")) if SPEED.exists() else {}
    found = {name: results(name, model["seeds"]) for name, model in budget["models"].items()}
    done = sorted((name for name in found if found[name]), key=lambda n: -best(found[n]))
    rows = [row(budget, name, found[name], speed.get(name, {})) for name in done]
    return "\n".join([line(HEAD), RULE, *map(line, rows)])


def results(model: str, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """The result files of a model, in the order of the seeds."""
    paths = [result_file(model, seed) for seed in seeds]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]


def best(found: list[dict[str, Any]]) -> float:
    return statistics.mean(result["scores"]["beam 5"]["CIDEr-D"] for result in found)


def row(
    budget: dict[str, Any], name: str, found: list[dict[str, Any]], speed: dict[str, float]
) -> tuple[str, ...]:
    model = budget["models"][name]
    metrics = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr-D")
    rates = [speed.get(kind) for kind in ("training", "captioning")]
    return (
        f"{model['title']} (`{name}`)",
        model["paper"],
        told([result["scores"]["greedy"]["CIDEr-D"] for result in found]),
        *(told([result["scores"]["beam 5"][metric] for result in found]) for metric in metrics),
        f"{parameters(budget, name, found[0]['words']) / 1e6:.1f} M",
        *("" if rate is None else f"{rate:.2f}" for rate in rates),
    )


def told(values: Sequence[float]) -> str:
    """The mean of the seeds, times 100, with half of their span where there are several."""
    mean = f"{100 * statistics.mean(values):.1f}"
    return mean if len(values) < 2 else f"{mean} ± {50 * (max(values) - min(values)):.1f}"


def parameters(budget: dict[str, Any], name: str, words: int) -> int:
    recipe = load_recipe(budget["models"][name]["recipe"], settings_of(budget, name, 0))
    model = build_model(
        recipe.architecture,
        vocabulary_size=words,
        feature_size=get_backbone(recipe.features.backbone).feature_size,
        **recipe.model_options,
    )
    return model.count_params()


if __name__ == "__main__":
    print_or_write(__doc__.splitlines()[0], NAME, SCRIPT, make_table)
