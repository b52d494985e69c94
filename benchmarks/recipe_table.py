"""The README's table of recipes: `python benchmarks/recipe_table.py --write` puts it there.

What a recipe is comes from its TOML and its model; what was measured, and by which command, from
figures.toml beside this file. A test holds the README to this table.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from readme_part import line, print_or_write  # noqa: E402

from looksay.features.backbones import get_backbone  # noqa: E402
from looksay.models import build_model  # noqa: E402
from looksay.training.feature_options import NO_REGIONS  # noqa: E402
from looksay.training.recipe import RECIPES, Recipe, load_recipe  # noqa: E402

FIGURES = Path(__file__).with_name("figures.toml")
NAME, SCRIPT = "recipes", "recipe_table.py"
NUM_WORDS = 5000  # vocabulary that parameters are counted with
HEAD = ("recipe", "follows", "decoder", "parameters", "BLEU-4", "CIDEr-D", "images/s", "captions/s")


def make_table() -> str:
    """Markdown, a row a recipe."""
    figures = tomllib.loads(FIGURES.read_text(encoding="utf-8"))
    names = sorted(path.stem for path in RECIPES.glob("*.toml"))
    rows = [_row(load_recipe(name), figures.get(name, {})) for name in names]
    rule = "|---|---|---|---:|---:|---:|---:|---:|"
    return "\n".join([line(HEAD), rule, *map(line, rows)])


def _row(recipe: Recipe, figures: dict[str, float]) -> tuple[str, ...]:
    model = build_model(
        recipe.architecture,
        vocabulary_size=NUM_WORDS,
        feature_size=get_backbone(recipe.features.backbone).feature_size,
        **recipe.model_options,
    )
    measured = [figures.get(name) for name in ("bleu_4", "cider_d", "images", "captions")]
    return (
        f"[`{recipe.name}`](src/looksay/recipes/{recipe.name}.toml)",
        recipe.publication.split(", https")[0],
        f"{recipe.architecture} on {_seen(recipe)}",
        f"{model.count_params() / 1e6:.1f} M",
        *("" if value is None else f"{value:g}" for value in measured),
    )


def _seen(recipe: Recipe) -> str:
    regions = recipe.features.regions
    return recipe.features.backbone + ("" if regions == NO_REGIONS else f"'s regions ({regions})")


if __name__ == "__main__":
    print_or_write(__doc__.splitlines()[0], NAME, SCRIPT, make_table)
