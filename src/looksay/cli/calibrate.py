"""`looksay calibrate`: how sure a bundle may be of its captions, learnt on a split."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np
from tqdm import tqdm

from looksay.cli.engine_options import batch_size_option, engine_option
from looksay.cli.exits import FAILED, describe_os_error
from looksay.cli.scoring_options import split_option
from looksay.cli.training_options import data_option, say_all, seed_option, splits_option
from looksay.errors import LooksayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from looksay import Caption, Captioner
    from looksay.data import Record
    from looksay.runtime import Bundle

EPILOG = """\b
Examples:
  looksay calibrate runs/default/bundle --data flickr8k:~/Flickr8k
  looksay calibrate my-model --data folder:my-photographs --split dev

\b
Each caption then comes with its confidence: the probability that it is right. It counts as right
when it agrees with its picture's references at least as well as people's captions of the split
agree with each other (CIDEr-D, the median), so pictures need two captions or more.
`looksay train` and `looksay export` end with the same. Take photographs that were not trained on.
"""


@click.command(epilog=EPILOG)
@click.argument("bundle", type=click.Path(path_type=Path))
@data_option
@split_option
@seed_option
@splits_option
@batch_size_option
@click.option(
    "--precision",
    type=click.Choice(["auto", "f32", "bf16"]),
    default="f32",
    show_default=True,
    help="f32 learns the same on every machine.",
)
@engine_option
def calibrate(
    bundle: Path,
    data: str,
    split: str,
    split_seed: int,
    split_file: Path | None,
    batch_size: int,
    precision: str,
    engine: str,
) -> int:
    """Learn how often BUNDLE's captions are right, and write it into the bundle and its card."""
    import looksay
    from looksay.data import load_data
    from looksay.errors import DataError
    from looksay.evaluation.confidence import (
        HEADING,
        confidence_lines,
        confidence_table,
        learn_confidence,
    )
    from looksay.runtime.card import update_bundle

    captioner = looksay.load(bundle, engine=engine, precision=precision)
    check_writable(bundle)
    records = load_data(data, seed=split_seed, split_file=split_file).split(split)
    measured = measure_split(captioner, records, batch_size)
    say_all(measured.problems)
    try:
        confidence = learn_confidence(
            measured.records, measured.texts, measured.signs, captioner.options, split=split
        )
    except DataError as error:
        raise DataError(f"No confidence can be learnt: {error}.") from error
    try:
        lines = confidence_lines(confidence)
        update_bundle(bundle, HEADING, lines, confidence=confidence.as_dict())
    except OSError as error:
        raise LooksayError(describe_os_error(error, bundle)) from error
    click.echo(confidence_table(confidence))
    return FAILED if measured.problems else 0


def check_writable(bundle: Path) -> None:
    """LooksayError where a bundle cannot be changed: before the work, not after it."""
    if not os.access(bundle, os.W_OK):
        raise LooksayError(f"{bundle} cannot be written to; copy the bundle and change the copy.")


class Measured(NamedTuple):
    """A split's captions with their signs, of the records whose picture can be read, and why the
    others' cannot."""

    records: list[Record]
    texts: list[str]
    signs: list[dict[str, float]]
    problems: list[str]


def measure_split(captioner: Captioner, records: Sequence[Record], batch_size: int) -> Measured:
    """Caption a split as the bundle says."""
    from looksay import Caption
    from looksay.runtime.confidence import searched

    wanted = searched(captioner.options).num_captions
    images = [record.image for record in records]
    found = captioner.caption_many(images, batch_size=batch_size, num_captions=wanted)
    bar = tqdm(found, total=len(records), unit="image", disable=not sys.stderr.isatty())
    measured = Measured([], [], [], [])
    for record, caption in zip(records, bar, strict=True):
        if isinstance(caption, Caption):
            measured.records.append(record)
            measured.texts.append(caption.text)
            measured.signs.append(measure_caption(caption, captioner.bundle))
        else:
            measured.problems.append(caption.message)
    return measured


def measure_caption(caption: Caption, bundle: Bundle) -> dict[str, float]:
    """The signs of a caption that came with all others that the search found."""
    from looksay.runtime.confidence import measure

    ends = [] if caption.end_log_prob is None else [caption.end_log_prob]
    return measure(
        [bundle.vocabulary.token(word) for word in caption.words],
        np.append(caption.log_probs, ends),
        [caption.log_prob, *(other.log_prob for other in caption.alternatives)],
        caption.consensus,
    )
