"""`looksay data frequencies`: in how many pictures' captions each n-gram stands, for CIDEr."""

from __future__ import annotations

from pathlib import Path

import click

from looksay.cli.data_options import address_argument, check_output, force_option, output_option
from looksay.cli.training_options import say_all, seed_option, splits_option
from looksay.data.records import count

EPILOG = """\b
Examples:
  looksay data frequencies flickr8k:~/Flickr8k --output frequencies.json
  looksay data frequencies folder:photos --split dev --output frequencies.json

\b
CIDEr weighs words by how rare they are. With the weights of one file, scores of single pictures,
of parts of a split and of different splits can be compared: give it to `looksay score`, `evaluate`
and `compare` as --document-frequencies.
"""


@click.command(epilog=EPILOG, short_help="Keep in a file how rare words are, for CIDEr.")
@address_argument
@click.option("--split", default="train", show_default=True, help="Whose captions are counted.")
@output_option
@force_option
@seed_option
@splits_option
def frequencies(
    address: str,
    split: str,
    output: Path,
    force: bool,
    split_seed: int,
    split_file: Path | None,
) -> None:
    """Count in how many pictures' captions each n-gram stands, for CIDEr, and keep it in a file."""
    from looksay.cli.scoring_options import choose_frequencies
    from looksay.data import load_data
    from looksay.data.splits import split_name

    check_output(output, force)
    dataset = load_data(address, seed=split_seed, split_file=split_file)
    say_all(dataset.report.sentences()[1:])
    found = choose_frequencies(None, dataset.split(split_name(split)))
    found.save(output)
    ngrams, pictures = count(len(found.counts), "n-gram"), count(found.num_images, "picture")
    click.echo(f"{output}: {ngrams} in the captions of {pictures}")
    click.echo(f"Use it with --document-frequencies {output}")
