"""`looksay evaluate`: a bundle's captions of a split, scored as the field does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from looksay.cli.decoding_options import decoding_options, resolve_decoding
from looksay.cli.engine_options import engine_options
from looksay.cli.exits import FAILED
from looksay.cli.report_options import (
    REPORT,
    plan_report,
    report_options,
    training_history,
)
from looksay.cli.scoring_options import (
    FILES,
    METRICS,
    choose_frequencies,
    output_option,
    score_and_show,
    scoring_options,
    split_option,
)
from looksay.cli.split_captions import caption_records, choose_models
from looksay.cli.training_options import data_option, say_all, seed_option, splits_option

EPILOG = f"""\b
Examples:
  looksay evaluate runs/default/bundle --data flickr8k:~/Flickr8k --split dev
  looksay evaluate --data flickr8k:~/Flickr8k --greedy --no-java --output results/
  looksay evaluate --data flickr8k:~/Flickr8k --report report.html
  looksay evaluate --model runs/a/bundle --model runs/b/bundle --data flickr8k:~/Flickr8k

\b
{FILES}
{REPORT}
Captions of another system: `looksay score`. Which of two is better: `looksay compare`.

\b
{METRICS}
"""


@click.command(epilog=EPILOG)
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@data_option
@split_option
@output_option
@report_options
@scoring_options
@decoding_options
@engine_options
@seed_option
@splits_option
def evaluate(
    bundle: Path | None,
    data: str,
    split: str,
    output: Path | None,
    report: Path | None,
    thumbnail_pixels: int | None,
    java: bool,
    own_meteor: bool,
    frequency_file: Path | None,
    resamples: int,
    resampling_seed: int,
    as_json: bool,
    models: tuple[str, ...],
    batch_size: int | None,
    split_seed: int,
    split_file: Path | None,
    engine: str,
    precision: str,
    **options: Any,
) -> int:
    """Caption the photographs of a split with BUNDLE (the shipped model if none) and score them."""
    import looksay
    from looksay.data import load_data

    chosen = choose_models(bundle, models)
    decoding = resolve_decoding(**options)
    page = plan_report(report, thumbnail_pixels)
    dataset = load_data(data, seed=split_seed, split_file=split_file)
    records = dataset.split(split)
    frequencies = choose_frequencies(frequency_file, records)
    captioner = looksay.load(chosen, engine=engine, precision=precision)
    problems: list[str] = []
    watch = None if page is None else page.thumbnails.watch
    found = caption_records(
        captioner, records, problems, batch_size=batch_size, watch=watch, **decoding
    )
    captions = {}
    for record, caption in found:
        captions[record.name] = caption.text
        if page is not None:
            page.take(record.name, caption)
    say_all(problems)
    if page is not None:
        page.notes += problems
        if len(captioner.bundles) == 1:
            page.history = training_history(captioner.bundle.path)
    score_and_show(
        dataset,
        split,
        captions,
        frequencies,
        output=output,
        java=java,
        own_meteor=own_meteor,
        resamples=resamples,
        resampling_seed=resampling_seed,
        as_json=as_json,
        subject=captioner.name,
        report=page,
    )
    return FAILED if problems else 0
