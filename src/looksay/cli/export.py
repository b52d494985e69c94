"""`looksay export`: a bundle of any kept epoch of a run."""

from __future__ import annotations

from pathlib import Path

import click

from looksay.cli.training_options import (
    data_option,
    features_option,
    log_to_stderr,
    need_training_extra,
    seed_option,
    splits_option,
)

EPILOG = """\b
Examples:
  looksay export runs/default my-model --data flickr8k:~/Flickr8k
  looksay export runs/default early --epoch 3 --data flickr8k:~/Flickr8k
  looksay export runs/default mean --epoch 14 --epoch 15 --epoch 16 --data flickr8k:~/Flickr8k
"""


@click.command(epilog=EPILOG)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--epoch",
    "epochs",
    type=int,
    multiple=True,
    help="An epoch whose weights were kept; given again, the mean of their weights is taken.  "
    "[default: the best]",
)
@click.option("--name", help="What the model is to be called.  [default: the recipe's name]")
@data_option
@features_option
@seed_option
@splits_option
def export(
    run: Path,
    bundle: Path,
    epochs: tuple[int, ...],
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
    from looksay.training.finish import write_scored_bundle
    from looksay.training.kept import load_epoch
    from looksay.training.prepare import load_recipe_data
    from looksay.training.run import open_run

    log_to_stderr()
    kept = load_epoch(run, *epochs, features=features_folder)
    dataset = load_recipe_data(
        data,
        kept.recipe.data,
        seed=split_seed,
        split_file=split_file,
        streamed=kept.recipe.features.streamed,
    )
    opened = open_run(run, kept.recipe, dataset, features_folder)
    write_scored_bundle(opened, kept.model, bundle, name)
    click.echo(f"The model is {bundle}. Try it: looksay caption PHOTO --model {bundle}")
