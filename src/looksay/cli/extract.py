"""`looksay extract`: the features of a data set's photographs, kept for training."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from looksay.cli.engine_options import RAY, RAY_ADDRESS
from looksay.cli.exits import FAILED, is_debugging
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
from looksay.errors import RecipeError, UsageError

if TYPE_CHECKING:
    from looksay.features.extract import ComputeAll

ENGINES = ("openvino", RAY)

EPILOG = """\b
Examples:
  looksay extract default --data flickr8k:~/Flickr8k
  looksay extract default --data folder:my-photographs --features /big/disk/features
  looksay extract default --data coco:/shared/coco --features /shared/features --engine ray
"""


@click.command(epilog=EPILOG)
@click.argument("recipe", default="default")
@data_option
@set_option
@features_option
@seed_option
@splits_option
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default=ENGINES[0],
    show_default=True,
    help="openvino computes in this process; ray by many workers, on one machine or a cluster, "
    "and needs looksay[ray]. The features are the same.",
)
@RAY_ADDRESS
def extract(
    recipe: str,
    data: str,
    settings: tuple[str, ...],
    features_folder: Path | None,
    split_seed: int,
    split_file: Path | None,
    engine: str,
    ray_address: str | None,
) -> int:
    """Compute what RECIPE needs of the photographs' features; what is there is not done again.

    `looksay train` does this of itself; do it apart to see how long it takes.
    """
    if ray_address and engine != RAY:
        raise UsageError("--ray-address needs --engine ray.")
    need_training_extra()
    from looksay.training.prepare import load_recipe_data, prepare_features
    from looksay.training.recipe import load_recipe

    log_to_stderr()
    loaded = load_recipe(recipe, settings)
    if loaded.features.streamed:
        raise RecipeError(
            "features.streamed keeps no features of training pictures; leave it out here"
        )
    dataset = load_recipe_data(data, loaded, seed=split_seed, split_file=split_file)
    say_all(dataset.report.sentences())
    if features_folder is not None:
        features_folder = features_folder.absolute()  # workers have another working folder
    with _machines(engine, ray_address) as compute_all:
        features = prepare_features(
            dataset,
            loaded.features,
            features_folder,
            splits=tuple(dataset.splits),
            progress=sys.stderr.isatty(),
            compute_all=compute_all,
        )
    say_all(features.problems)
    store = features.store
    click.echo(f"{store.folder}: {len(store):,} rows, {store.disk_need(len(store)) / 1e9:.2f} GB")
    return FAILED if features.problems else 0


@contextmanager
def _machines(engine: str, address: str | None) -> Iterator[ComputeAll | None]:
    """What computes: None for this process."""
    if engine != RAY:
        yield None
        return
    from looksay.scale.cluster import connected, need_ray

    need_ray()
    from looksay.scale.features import compute_on_ray

    with connected(address, debug=is_debugging()):
        yield compute_on_ray
