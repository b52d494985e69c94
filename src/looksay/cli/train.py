"""`looksay train`: a recipe and captioned photographs in, a bundle out."""

from __future__ import annotations

import sys
from pathlib import Path

import click

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
  looksay train default --data flickr8k:~/Flickr8k
  looksay train default --data folder:my-photographs --set training.epochs=30
  looksay train default --data flickr8k:~/Flickr8k --run runs/default --resume
  looksay train default --data 'webdataset:s3://bucket/shards/*.tar' --stream
  looksay train default --from default --data folder:my-photographs --set training.epochs=5

\b
The run's folder gets the curves (curves.png, tensorboard/), what the model said of six pictures
after each epoch (peeks/), and at the end the bundle, ready for `looksay caption --model`.
"""


@click.command(epilog=EPILOG)
@click.argument("recipe")
@data_option
@set_option
@click.option(
    "--run",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run's folder.  [default: runs/RECIPE]",
)
@click.option(
    "--from",
    "start",
    metavar="BUNDLE",
    help="Start from this bundle's weights (`default`: the shipped model's) instead of random "
    "ones, and with its sizes; your captions may have other words.",
)
@click.option(
    "--stream",
    is_flag=True,
    help="Leave the photographs of webdataset: in their shards, on a disk or in a store, and read "
    "them in every epoch (features.streamed).",
)
@click.option("--resume", is_flag=True, help="Go on with the run in its folder.")
@click.option(
    "--devices",
    default=1,
    show_default=True,
    metavar="N",
    help="Divide every batch among so many GPUs or TPUs of this machine (KERAS_BACKEND=jax).",
)
@features_option
@seed_option
@splits_option
def train(
    recipe: str,
    data: str,
    settings: tuple[str, ...],
    folder: Path | None,
    start: str | None,
    stream: bool,
    resume: bool,
    devices: int,
    features_folder: Path | None,
    split_seed: int,
    split_file: Path | None,
) -> None:
    """Train RECIPE (a name or a .toml file) on your photographs and captions."""
    need_training_extra()
    from looksay.training import run as training
    from looksay.training.devices import check_devices
    from looksay.training.prepare import load_recipe_data
    from looksay.training.recipe import load_recipe
    from looksay.training.warm_start import start_settings

    log_to_stderr()
    if stream:
        settings = (*settings, "features.streamed=true")
    loaded = load_recipe(recipe, settings)
    if start is not None:
        loaded = load_recipe(recipe, (*start_settings(start, loaded), *settings))
    check_devices(devices, loaded)
    folder = folder or Path("runs") / loaded.name
    training.check_run(folder, loaded, resume)  # before the data: shards may take hours to read
    dataset = load_recipe_data(data, loaded, seed=split_seed, split_file=split_file)
    say_all(dataset.report.sentences())
    progress = sys.stderr.isatty()
    run = training.start_run(
        folder,
        loaded,
        dataset,
        features_folder=features_folder,
        resume=resume,
        progress=progress,
    )
    say_all(run.features.problems)
    bundle = training.train(run, resume=resume, progress=progress, devices=devices)
    click.echo(f"The model is {bundle}. Try it: looksay caption PHOTO --model {bundle}")
