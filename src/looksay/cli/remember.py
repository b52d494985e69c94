"""`looksay remember`: a bundle remembers captioned photographs, and heeds what people say of like
ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from tqdm import tqdm

from looksay.cli.calibrate import check_writable, measure_split
from looksay.cli.engine_options import batch_size_option, engine_option
from looksay.cli.exits import FAILED, describe_os_error
from looksay.cli.training_options import data_option, say_all, seed_option, splits_option
from looksay.errors import LooksayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from looksay import Captioner
    from looksay.consensus import Memory
    from looksay.data import Record

WEIGHT = 1.2  # on Flickr8k's dev split 0.6 gives CIDEr-D 63.3, 1.2 65.4, 1.5 65.8

EPILOG = """\b
Examples:
  looksay remember my-model --data flickr8k:~/Flickr8k
  looksay remember my-model --data folder:my-photographs

\b
The bundle then knows, of each training photograph of --data (of 50,000 at most), a short vector
and the n-grams of its captions, and among the captions of its beam it prefers those that agree
with what people say of photographs like the one it captions (consensus, Devlin et al. 2015).
Nothing is trained. It ends with the dev split's figures and confidence learnt anew. Models whose
recipe says decoding.consensus, as `default` does, come with a memory from their training.
"""


@click.command(epilog=EPILOG)
@click.argument("bundle", type=click.Path(path_type=Path))
@data_option
@seed_option
@splits_option
@click.option(
    "--consensus",
    type=click.FloatRange(min=0, min_open=True, max=1000),
    default=WEIGHT,
    show_default=True,
    metavar="W",
    help="How much the consensus counts, see `looksay caption --consensus`.",
)
@batch_size_option
@engine_option
def remember(
    bundle: Path,
    data: str,
    split_seed: int,
    split_file: Path | None,
    consensus: float,
    batch_size: int,
    engine: str,
) -> int:
    """Let BUNDLE remember the training photographs of --data and what people say of them."""
    import looksay
    from looksay.data import load_data
    from looksay.runtime.card import MEMORY, memory_lines, set_memory, update_bundle

    how: dict[str, Any] = {"engine": engine, "precision": "f32"}
    captioner = looksay.load(bundle, **how)
    check_writable(bundle)
    dataset = load_data(data, seed=split_seed, split_file=split_file)
    records, dev = dataset.split("train"), dataset.split("dev")  # before the work, not after it
    memory, problems = _learn(captioner, records, batch_size)
    say_all(problems)
    try:
        set_memory(bundle, memory, consensus)
        lines = memory_lines(len(memory.vectors), dataset.kind, consensus)
        update_bundle(bundle, MEMORY, lines)
        captioner = looksay.load(bundle, **how)
        problems += _score(captioner, dev, bundle, dataset.address_for_others, batch_size)
    except OSError as error:
        raise LooksayError(describe_os_error(error, bundle)) from error
    return FAILED if problems else 0


def _learn(
    captioner: Captioner, records: Sequence[Record], batch_size: int
) -> tuple[Memory, list[str]]:
    """The memory of the pictures that can be read, and why others cannot."""
    from looksay.consensus import learn_memory, worth_remembering
    from looksay.errors import DataError
    from looksay.text import split_words

    records = [records[number] for number in worth_remembering(len(records))]
    found = captioner.mean_features([record.image for record in records], batch_size=batch_size)
    bar = tqdm(found, total=len(records), unit="image", disable=not sys.stderr.isatty())
    vocabulary, means, captions, problems = captioner.bundle.vocabulary, [], [], []
    for record, mean in zip(records, bar, strict=True):
        if isinstance(mean, np.ndarray):
            means.append(mean)
            captions.append([vocabulary.encode(split_words(c))[:-1] for c in record.captions])
        else:
            problems.append(str(mean))
    if not means:
        raise DataError("No training photograph can be read, so there is nothing to remember.")
    return learn_memory(np.stack(means), captions, len(vocabulary)), problems


def _score(
    captioner: Captioner, dev: Sequence[Record], bundle: Path, address: str, batch_size: int
) -> list[str]:
    """Figures and confidence of the dev split into the bundle and its card, and onto the screen;
    why pictures cannot be read. address: of the data, as others would give it."""
    from looksay.errors import DataError
    from looksay.evaluation import evaluate_captions
    from looksay.evaluation.confidence import HEADING as CONFIDENCE
    from looksay.evaluation.confidence import confidence_lines, learn_confidence
    from looksay.runtime.card import FIGURES, figure_lines, update_bundle

    measured = measure_split(captioner, dev, batch_size)
    say_all(measured.problems)
    if not measured.records:
        raise DataError("No dev photograph can be read, so there are no figures of the bundle.")
    names = [record.name for record in measured.records]
    scores = evaluate_captions(
        measured.records, dict(zip(names, measured.texts, strict=True))
    ).scores
    figures = figure_lines(
        scores,
        [
            f"looksay remember BUNDLE --data {address}",
            f"looksay evaluate BUNDLE --data {address} --split dev",
        ],
        "Epoch and settings were chosen on a dev split, so these figures are a little kinder than "
        "a test split's.",
    )
    update_bundle(bundle, FIGURES, figures, figures={"dev": scores})
    try:
        confidence = learn_confidence(
            measured.records, measured.texts, measured.signs, captioner.options
        )
    except DataError as error:
        click.echo(f"looksay: The bundle tells no confidence of its captions: {error}.", err=True)
        update_bundle(bundle, CONFIDENCE, [f"None: {error}."])
    else:
        told = confidence_lines(confidence)
        update_bundle(bundle, CONFIDENCE, told, confidence=confidence.as_dict())
    for metric, value in scores.items():
        click.echo(f"{metric:12} {100 * value:6.2f}")
    return measured.problems
