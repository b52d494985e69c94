"""`looksay compare`: whether one system's captions score better than another's, or by chance."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from looksay.cli.scoring_options import (
    choose_frequencies,
    scoring_options,
    split_option,
    subset_option,
)
from looksay.cli.training_options import data_option, say_all, seed_option, splits_option
from looksay.errors import DataError, UsageError

if TYPE_CHECKING:
    from looksay.evaluation import Comparison

EPILOG = """\b
Examples:
  looksay compare old/ new/ --data flickr8k:~/Flickr8k
  looksay compare a.json b.json --data coco:~/COCO --split dev --no-java --json
  looksay compare a.json b.json --data flickr8k:~/Flickr8k --resamples 10000

\b
A and B are files in COCO's results format, [{"image_id": ..., "caption": ...}], or folders that
`looksay evaluate --output` or `looksay score --output` wrote.

\b
B - A has its 95% interval from a paired bootstrap. p is two-sided, by approximate randomisation:
how often a difference as large comes about when each picture's two captions are swapped by a
coin's toss. It is 1 for A against itself. Many metrics are many chances: choose one before.
"""


@click.command(epilog=EPILOG)
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@data_option
@split_option
@subset_option
@scoring_options
@seed_option
@splits_option
def compare(
    a: Path,
    b: Path,
    data: str,
    split: str,
    subset: bool,
    java: bool,
    own_meteor: bool,
    frequency_file: Path | None,
    resamples: int,
    resampling_seed: int,
    as_json: bool,
    split_seed: int,
    split_file: Path | None,
) -> None:
    """Compare the scores of two result files of the same pictures, with a paired test."""
    from looksay.data import load_data
    from looksay.evaluation import (
        compare_scores,
        evaluate_with,
        make_scorer,
        match_results,
        read_results,
    )

    if not resamples:
        raise UsageError("--resamples 0 leaves nothing to compare by; give 1 or more.")
    read = [(path, read_results(path)) for path in (a, b)]
    records = load_data(data, seed=split_seed, split_file=split_file).split(split)
    captions = [match_results(found, records, path, subset=subset) for path, found in read]
    common = [record for record in records if all(record.name in found for found in captions)]
    if not common:
        raise DataError(f"{a} and {b} have no picture in common.")
    scorer = make_scorer(common, choose_frequencies(frequency_file, records))
    evaluations = [
        evaluate_with(
            scorer,
            {record.name: found[record.name] for record in common},
            java=java,
            own_meteor=own_meteor or None,
        )
        for found in captions
    ]
    say_all(list(dict.fromkeys(p for evaluation in evaluations for p in evaluation.problems)))
    compared = compare_scores(
        *(evaluation.details for evaluation in evaluations),
        resamples=resamples,
        seed=resampling_seed,
    )
    if as_json:
        click.echo(json.dumps(_as_dict(compared, len(common), resamples)))
    else:
        click.echo(_table(compared, len(common), resamples))


def _as_dict(compared: dict[str, Comparison], images: int, resamples: int) -> dict[str, Any]:
    metrics = {name: dataclasses.asdict(of_one) for name, of_one in compared.items()}
    return {"images": images, "resamples": resamples, "metrics": metrics}


def _table(compared: dict[str, Comparison], images: int, resamples: int) -> str:
    """A line a metric, scores and differences times 100."""
    width = max(map(len, compared))
    lines = [
        f"{images} pictures, {resamples:,} resamples",
        f"{'':<{width}}{'A':>8}{'B':>8}{'B - A':>8}   {'95% interval':<18}{'p':>6}",
    ]
    for name, of_one in compared.items():
        scores = "".join(f"{100 * x:8.2f}" for x in (of_one.a, of_one.b, of_one.difference))
        interval = f"{100 * of_one.low:+.2f} to {100 * of_one.high:+.2f}"
        lines.append(f"{name:<{width}}{scores}   {interval:<18}{of_one.p:6.3f}")
    return "\n".join(lines)
