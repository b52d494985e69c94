"""`looksay peek`: what a run's model said at one of its epochs, on any picture."""

from __future__ import annotations

from pathlib import Path

import click

from looksay.cli.training_options import need_training_extra

EPILOG = """\b
Examples:
  looksay peek runs/default photo.jpg
  looksay peek runs/default *.jpg --epoch 3 --attention looked/
"""


@click.command(epilog=EPILOG)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--epoch", type=int, help="An epoch whose weights were kept.  [default: the best]")
@click.option(
    "--attention",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Save a picture of where it looked for each word.",
)
@click.option(
    "--features",
    "graph_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The feature store of the run.  [default: the user's cache]",
)
def peek(
    run: Path,
    pictures: tuple[Path, ...],
    epoch: int | None,
    folder: Path | None,
    graph_folder: Path | None,
) -> None:
    """Caption PICTURES with an epoch of the training run in the folder RUN."""
    need_training_extra()
    from looksay.decoding import DecodingOptions, decode
    from looksay.images import open_image
    from looksay.models.stepper import KerasStepper
    from looksay.runtime.regions import region_mask
    from looksay.training.kept import load_epoch
    from looksay.training.peeks import panels_of

    kept = load_epoch(run, *([] if epoch is None else [epoch]), features=graph_folder)
    features, boxes = kept.features(pictures)
    mask = None if boxes is None else region_mask(boxes)
    found = decode(KerasStepper(kept.model), features, DecodingOptions(method="greedy"), mask)
    for number, (path, hypotheses) in enumerate(zip(pictures, found, strict=True)):
        words = list(kept.vocabulary.decode(hypotheses[0].tokens))
        caption = kept.vocabulary.join(words)
        click.echo(f"{path}\t{caption}")
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            attention = hypotheses[0].attention[: len(words)]
            of_picture = None if boxes is None else boxes[number]
            picture = panels_of(
                open_image(path), words, attention, kept.source.layout, of_picture, caption=caption
            )
            picture.save(folder / f"{path.stem}.png")
