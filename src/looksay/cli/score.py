"""`looksay score`: any system's captions of a split, scored as `looksay evaluate` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from looksay.cli.report_options import REPORT, plan_report, report_options
from looksay.cli.scoring_options import (
    FILES,
    METRICS,
    choose_frequencies,
    output_option,
    score_and_show,
    scoring_options,
    split_option,
    subset_option,
)
from looksay.cli.training_options import data_option, seed_option, splits_option

EPILOG = f"""\b
Examples:
  looksay score results.json --data flickr8k:~/Flickr8k --split dev
  looksay score results.json --data coco:~/COCO --no-java --output scored/
  looksay score results.json --data coco:~/COCO --report results.html
  looksay data frequencies flickr8k:~/Flickr8k --output frequencies.json
  looksay score one.json --subset --document-frequencies frequencies.json --data flickr8k:~/Flickr8k

\b
RESULTS is a file in COCO's results format, [{{"image_id": ..., "caption": ...}}], an image_id
COCO's number or the picture's name; or a folder that --output wrote.
{FILES}
{REPORT}

\b
{METRICS}
"""


@click.command(epilog=EPILOG)
@click.argument("results", type=click.Path(path_type=Path))
@data_option
@split_option
@output_option
@report_options
@subset_option
@scoring_options
@seed_option
@splits_option
def score(
    results: Path,
    data: str,
    split: str,
    output: Path | None,
    report: Path | None,
    thumbnail_pixels: int | None,
    subset: bool,
    frequency_file: Path | None,
    split_seed: int,
    split_file: Path | None,
    **options: Any,
) -> None:
    """Score the captions of RESULTS, whatever system made them, against a split's captions."""
    from looksay.data import load_data
    from looksay.evaluation import match_results, read_results

    page = plan_report(report, thumbnail_pixels)
    read = read_results(results)
    dataset = load_data(data, seed=split_seed, split_file=split_file)
    records = dataset.split(split)
    captions = match_results(read, records, results, subset=subset)
    frequencies = choose_frequencies(frequency_file, records)
    score_and_show(
        dataset,
        split,
        captions,
        frequencies,
        output=output,
        subject=results.name,
        report=page,
        **options,
    )
