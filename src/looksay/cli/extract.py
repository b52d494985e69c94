"""`looksay extract`: the features of a data set's photographs, kept for training."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from looksay.cli.exits import FAILED
from looksay.cli.training_options import (
    data_option,
    features_option,
    log_to_stderr,
    need_training_extra,
    say_all,
    seed_option,
    set_option,
    splits_option,
)

EPILOG = """\b
Examples:
  looksay extract default --data flickr8k:~/Flickr8k
  looksay extract default --data folder:my-photographs --features /big/disk/features
"""


@click.command(epilog=EPILOG)
@click.argument("recipe", default="default")
@data_option
@set_option
@features_option
@seed_option
@splits_option
def extract(
    recipe: str,
    data: str,
    settings: tuple[str, ...],
    features_folder: Path | None,
    split_seed: int,
    split_file: Path | None,
) -> int:
    """Compute what RECIPE needs of the photographs' features; what is there is not done again.

    `looksay train` does this of itself; do it apart to see how long it takes.
    """
    need_training_extra()
    from looksay.training.prepare import load_recipe_data, prepare_features
    from looksay.training.recipe import load_recipe

    log_to_stderr()
    loaded = load_recipe(recipe, settings)
    dataset = load_recipe_data(data, loaded.data, seed=split_seed, split_file=split_file)
    say_all(dataset.report.sentences())
    features = prepare_features(
        dataset,
        loaded.features,
        features_folder,
        splits=tuple(dataset.splits),
        progress=sys.stderr.isatty(),
    )
    say_all(features.problems)
    store = features.store
    click.echo(f"{store.folder}: {len(store):,} rows, {store.disk_need(len(store)) / 1e9:.2f} GB")
    return FAILED if features.problems else 0
