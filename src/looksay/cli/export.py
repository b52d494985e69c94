"""`looksay export`: a bundle of any kept epoch of a run."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from looksay.cli.training_options import (
    data_option,
    features_option,
    log_to_stderr,
    need_training_extra,
    seed_option,
    set_option,
    splits_option,
)

EPILOG = """\b
Examples:
  looksay export runs/default my-model --data flickr8k:~/Flickr8k
  looksay export runs/default early --epoch 3 --data flickr8k:~/Flickr8k
  looksay export runs/default mean --epoch 14 --epoch 15 --epoch 16 --data flickr8k:~/Flickr8k
  looksay export runs/a mean --epoch 8 --epoch runs/b:8 --data flickr8k:~/Flickr8k
  looksay export runs/default longer --set decoding.length_power=1.4 --data flickr8k:~/Flickr8k
"""


class Epoch(click.ParamType):
    """An epoch of RUN ("8"), or one of another run ("runs/b:8")."""

    name = "epoch"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[Path | None, int]:
        run, _, epoch = str(value).rpartition(":")
        if not epoch.isdecimal():
            self.fail(f"{value!r} is no epoch; give its number, or RUN:NUMBER of another run")
        return (Path(run) if run else None), int(epoch)


@click.command(epilog=EPILOG)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--epoch",
    "epochs",
    type=Epoch(),
    multiple=True,
    metavar="[RUN:]N",
    help="An epoch whose weights were kept; given again, the mean of their weights is taken.  "
    "Another run's has its folder before it; 0 is what a run with --from started from.  "
    "[default: the best]",
)
@set_option
@click.option("--name", help="What the model is to be called.  [default: the recipe's name]")
@data_option
@features_option
@seed_option
@splits_option
def export(
    run: Path,
    bundle: Path,
    epochs: tuple[tuple[Path | None, int], ...],
    settings: tuple[str, ...],
    name: str | None,
    data: str,
    features_folder: Path | None,
    split_seed: int,
    split_file: Path | None,
) -> None:
    """Write BUNDLE from the training run in the folder RUN, scored on the dev split of --data.

    `looksay train` ends with the bundle of its best epoch; this makes one of another epoch, or of
    a run that was stopped.
    """
    need_training_extra()
    from looksay.export.bundle import check_place
    from looksay.training.finish import write_scored_bundle
    from looksay.training.kept import check_epoch, load_epoch
    from looksay.training.prepare import load_recipe_data
    from looksay.training.recipe import change_decoding
    from looksay.training.run import check_run_data, open_run

    log_to_stderr()
    own = [epoch for other, epoch in epochs if other is None]
    others = [(other, epoch) for other, epoch in epochs if other is not None]
    check_place(bundle)
    recipe = check_epoch(run, *own, others=others, features=features_folder)
    decoded = change_decoding(recipe, settings)
    dataset = load_recipe_data(data, recipe, seed=split_seed, split_file=split_file)
    check_run_data(run, recipe, dataset, features_folder)

    kept = load_epoch(run, *own, others=others, features=features_folder)
    opened = open_run(run, kept.recipe, dataset, features_folder)
    opened = dataclasses.replace(opened, recipe=decoded)
    write_scored_bundle(opened, kept.model, bundle, name)
    click.echo(f"The model is {bundle}. Try it: looksay caption PHOTO --model {bundle}")
