"""`looksay data stats`: how many captions, how long, of which words."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from looksay.cli.data_options import address_argument
from looksay.cli.training_options import seed_option, splits_option
from looksay.data.records import count

if TYPE_CHECKING:
    from looksay.data.statistics import DataStatistics, LengthStatistics

EPILOG = """\b
Examples:
  looksay data stats flickr8k:~/Flickr8k
  looksay data stats folder:photos --split train       what training's vocabulary is made from
  looksay data stats folder:photos --format json

\b
A word is one as models see it: lower case, without punctuation.
"""
BAR_WIDTH = 40
NUM_BARS = 15


@click.command(
    epilog=EPILOG, short_help="Say how many captions there are, how long, of which words."
)
@address_argument
@click.option("--split", help="Look at this split only.")
@click.option(
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: an object, for programs; shares are fractions of 1 there.",
)
@seed_option
@splits_option
def stats(
    address: str, split: str | None, format: str, split_seed: int, split_file: Path | None
) -> None:
    """Say what the captions of the data set at ADDRESS are like, and what was wrong with it."""
    from looksay.data import load_data
    from looksay.data.splits import split_name
    from looksay.data.statistics import data_statistics

    dataset = load_data(address, seed=split_seed, split_file=split_file)
    statistics = data_statistics(dataset.split(split_name(split)) if split else dataset.records)
    if format == "json":
        found = {
            "data": dataset.name,
            "split": split,
            **dataclasses.asdict(statistics),
            "report": dataclasses.asdict(dataset.report),
        }
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    faults = dataset.report.sentences()[1:]
    click.echo("\n".join(to_text(statistics)))
    click.echo("\n".join(["", "faults", *(f"  {fault}" for fault in faults or ["none"])]))


def to_text(statistics: DataStatistics) -> Iterator[str]:
    """The statistics in lines for people, shares in per cent."""
    heading = f"{'split':<10}{'pictures':>10}{'captions':>10}{'words':>12}"
    compared = any(split.unknown_share is not None for split in statistics.splits)
    yield heading + ("   not in train" if compared else "")
    for split in statistics.splits:
        share = "" if split.unknown_share is None else f"{split.unknown_share:15.2%}"
        yield f"{split.name:<10}{split.images:10,}{split.captions:10,}{split.words:12,}{share}"
    if len(statistics.splits) > 1:
        total = (statistics.images, statistics.captions, statistics.words)
        yield "{:<10}{:10,}{:10,}{:12,}".format("all", *total)
    yield ""
    yield _captions_per_image(statistics)
    yield ""
    together = " of all splits together," if len(statistics.splits) > 1 else ""
    yield f"different words{together} seen at least so often (text.min_count)"
    for vocabulary in statistics.vocabulary:
        times = count(vocabulary.min_count, "time")
        yield f"  {times:<10}{vocabulary.words:8,}, {vocabulary.share:.2%} of all words"
    yield ""
    yield from _lengths(statistics.lengths)
    yield ""
    yield "commonest words, and their share of all words"
    for word, number in statistics.common_words.items():
        yield f"  {word:<16}{number:10,}{number / max(1, statistics.words):9.2%}"


def _captions_per_image(statistics: DataStatistics) -> str:
    numbers = list(statistics.captions_per_image)
    if len(numbers) == 1:
        return f"captions a picture: {numbers[0]}"
    mean = statistics.captions / statistics.images
    return f"captions a picture: {numbers[0]} to {numbers[-1]}, mean {mean:.2f}"


def _lengths(lengths: LengthStatistics) -> Iterator[str]:
    yield (
        f"caption lengths in words: {lengths.shortest} to {lengths.longest}, "
        f"mean {lengths.mean:.1f}, median {lengths.median:g} (text.max_tokens counts <end> too)"
    )
    for percentile, length in lengths.percentiles.items():
        yield f"  {percentile}% of captions have {count(length, 'word')} or fewer"
    bins = _bins(lengths)
    highest = max(bins.values())
    for name, number in bins.items():
        bar = "#" * math.ceil(number / highest * BAR_WIDTH)
        yield f"  {name:>9}{number:10,}  {bar}".rstrip()


def _bins(lengths: LengthStatistics) -> dict[str, int]:
    """Captions by length in about NUM_BARS bins; the longest hundredth share one, as a single
    endless caption would make all others one bar."""
    last = lengths.percentiles[99]
    width = math.ceil((last - lengths.shortest + 1) / NUM_BARS)
    bins: dict[str, int] = {}
    for first in range(lengths.shortest, last + 1, width):
        end = first + width - 1
        name = f"{first}" if width == 1 else f"{first}-{end}"
        bins[name] = sum(n for length, n in lengths.counts.items() if first <= length <= end)
    rest = sum(lengths.counts.values()) - sum(bins.values())
    return {**bins, f"above {end}": rest} if rest else bins
