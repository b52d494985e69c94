"""`looksay data save`: a data set's captions in one file of text, a caption a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from looksay.cli.data_options import (
    address_argument,
    check_line_name,
    check_output,
    force_option,
    output_option,
)
from looksay.cli.training_options import say_all, seed_option, splits_option
from looksay.data.records import count

EPILOG = """\b
Examples:
  looksay data save flickr8k:~/Flickr8k --output captions.token.txt
  looksay data save folder:photos --split train --output train.token.txt

\b
A line is NAME#NUMBER<TAB>CAPTION, the layout of Flickr8k's own token file.
"""


@click.command(epilog=EPILOG, short_help="Save captions in a file, one a line.")
@address_argument
@output_option
@click.option("--split", help="Save this split only.")
@force_option
@seed_option
@splits_option
def save(
    address: str,
    output: Path,
    split: str | None,
    force: bool,
    split_seed: int,
    split_file: Path | None,
) -> None:
    """Save the captions of the data set at ADDRESS, one a line, in Flickr8k's layout."""
    from looksay.data import load_data
    from looksay.data.splits import split_name
    from looksay.data.writing import write_text

    check_output(output, force)
    dataset = load_data(address, seed=split_seed, split_file=split_file)
    say_all(dataset.report.sentences()[1:])
    records = dataset.split(split_name(split)) if split else dataset.records
    lines = list(token_lines((record.name, record.captions) for record in records))
    write_text(output, "".join(lines))
    click.echo(f"{output}: {count(len(lines), 'caption')} of {count(len(records), 'picture')}")


def token_lines(captions: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    """`name.jpg#0<TAB>caption`, the captions of a picture numbered from 0."""
    for name, texts in captions:
        for number, text in enumerate(texts):
            yield f"{check_line_name(name)}#{number}\t{text}\n"
