"""`looksay evaluate`: a bundle's captions of a split, scored as the field does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from looksay.cli.decoding_options import decoding_options, resolve_decoding
from looksay.cli.engine_options import engine_options
from looksay.cli.exits import FAILED
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
  looksay evaluate --model runs/a/bundle --model runs/b/bundle --data flickr8k:~/Flickr8k

\b
{FILES}
Captions of another system: `looksay score`. Which of two is better: `looksay compare`.

\b
{METRICS}
"""


@click.command(epilog=EPILOG)
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@data_option
@split_option
@output_option
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
    dataset = load_data(data, seed=split_seed, split_file=split_file)
    records = dataset.split(split)
    frequencies = choose_frequencies(frequency_file, records)
    captioner = looksay.load(chosen, engine=engine, precision=precision)
    problems: list[str] = []
    found = caption_records(captioner, records, problems, batch_size=batch_size, **decoding)
    captions = {record.name: caption.text for record, caption in found}
    say_all(problems)
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
    )
    return FAILED if problems else 0
