"""`looksay evaluate`: a bundle's captions of a split, scored as the field does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from looksay.cli.decoding_options import decoding_options, resolve_decoding
from looksay.cli.engine_options import engine_options
from looksay.cli.exits import FAILED
from looksay.cli.report_options import (
    REPORT,
    Report,
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
from looksay.cli.training_options import data_option, say_all, seed_option, splits_option
from looksay.errors import UsageError

if TYPE_CHECKING:
    from looksay.captioner import Captioner
    from looksay.data import Record

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

    if bundle is not None and models:
        raise UsageError(
            f"{bundle} is given beside --model; leave --model out, or name every bundle of an "
            "ensemble with a --model of its own."
        )
    decoding = resolve_decoding(**options)
    page = plan_report(report, thumbnail_pixels)
    dataset = load_data(data, seed=split_seed, split_file=split_file)
    records = dataset.split(split)
    frequencies = choose_frequencies(frequency_file, records)
    captioner = looksay.load(bundle or models or None, engine=engine, precision=precision)
    captions, problems = _caption(captioner, records, batch_size or 16, decoding, page)
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
        resamples=resamples,
        resampling_seed=resampling_seed,
        as_json=as_json,
        subject=captioner.name,
        report=page,
    )
    return FAILED if problems else 0


def _caption(
    captioner: Captioner,
    records: Sequence[Record],
    batch_size: int,
    decoding: dict[str, Any],
    page: Report | None,
) -> tuple[dict[str, str], list[str]]:
    """Captions by picture's name, and sentences on the pictures that cannot be read; the page takes
    what it shows of both as they pass."""
    from looksay.captioner import Caption

    found = captioner.caption_many(
        [record.image for record in records],
        batch_size=batch_size,
        watch=page.thumbnails.watch if page is not None else None,
        **decoding,
    )
    captions, problems = {}, []
    bar = tqdm(found, total=len(records), unit="image", disable=not sys.stderr.isatty())
    for record, caption in zip(records, bar, strict=True):
        if not isinstance(caption, Caption):
            problems.append(caption.message)
            continue
        captions[record.name] = caption.text
        if page is not None:
            page.take(record.name, caption)
    return captions, problems
