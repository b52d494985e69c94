"""`looksay data split`: a data set divided by picture, and the division kept in a file."""

from __future__ import annotations

from pathlib import Path

import click

from looksay.cli.data_options import (
    address_argument,
    check_output,
    force_option,
    output_option,
)
from looksay.cli.training_options import say_all
from looksay.data.records import count

EPILOG = """\b
Examples:
  looksay data split folder:photos --output splits.json
  looksay data split folder:photos --seed 7 --dev-share 0.2 --test-share 0.1 --output splits.json

\b
A picture's split depends on the seed, its name and the shares alone: the same command gives the
same file on every machine, and pictures added later move none of the others out of dev or test.
"""


@click.command(epilog=EPILOG, short_help="Divide pictures into train, dev and test, in a file.")
@address_argument
@output_option
@click.option("--seed", default=0, show_default=True, help="Another number, another split.")
@click.option("--dev-share", default=0.1, show_default=True, help="Of the pictures, for dev.")
@click.option("--test-share", default=0.0, show_default=True, help="Of the pictures, for test.")
@force_option
def split(
    address: str, output: Path, seed: int, dev_share: float, test_share: float, force: bool
) -> None:
    """Divide the pictures at ADDRESS into train, dev and test, and keep that in a file.

    All captions of a picture go where it goes. A split that the data set has itself is not asked.
    """
    from looksay.data import load_data
    from looksay.data.split_file import write_splits
    from looksay.data.splits import split_by_name

    check_output(output, force)
    dataset = load_data(address)
    say_all(dataset.report.sentences()[1:])
    splits = split_by_name(
        (record.name for record in dataset.records),
        seed=seed,
        dev_share=dev_share,
        test_share=test_share,
    )
    write_splits(
        output, splits, data=address, seed=seed, dev_share=dev_share, test_share=test_share
    )
    counts = {name: list(splits.values()).count(name) for name in ("train", "dev", "test")}
    parts = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    click.echo(f"{output}: {count(len(splits), 'picture')}: {parts}")
    click.echo(f"Use it with --splits {output}")
