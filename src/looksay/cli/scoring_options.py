"""Options of the verbs that score captions, and what those verbs do alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from looksay.cli.training_options import say_all

if TYPE_CHECKING:
    from looksay.cli.report_options import Report
    from looksay.data import Dataset, Record
    from looksay.evaluation import Evaluation
    from looksay.metrics import DocumentFrequencies

FILES = """--output gets results.json (captions in COCO's results format), scores.json, and
per_image.json (each picture's scores)."""
METRICS = """BLEU, METEOR, ROUGE-L and CIDEr are those of the COCO caption protocol, equal to
pycocoevalcap. What it calls CIDEr is the paper's CIDEr-D, so the two are one number;
CIDEr-plain is the paper's CIDEr without CIDEr-D's clipping and length penalty. Scores are
times 100 in the table and fractions in the JSON. METEOR and SPICE run pycocoevalcap's Java
programs, which take a while. SPICE's needs Java 8 to 14 and Stanford CoreNLP 3.6.0's two jars
in the folder that LOOKSAY_SPICE_MODELS names; nothing is ever downloaded.

\b
Where METEOR is not computed, METEOR-synonym or METEOR-stem stands in; --own-meteor shows it
beside METEOR, too. It is METEOR 1.5 without the table of paraphrases and without Java, and no
METEOR: on Flickr8k METEOR-synonym is 0.6 to 0.9 lower, METEOR-stem 1.6. METEOR-synonym matches
equal words, stems and WordNet's synonyms, where WordNet is in the folder that LOOKSAY_WORDNET
names, in NLTK's data or in /usr/share/wordnet; METEOR-stem does without synonyms."""

_STATISTICS = (
    click.option(
        "--resamples",
        type=click.IntRange(min=0),
        default=1000,
        show_default=True,
        help="Bootstrap resamples of the pictures, for 95% intervals; 0: none.",
    ),
    click.option(
        "--resampling-seed", default=0, show_default=True, help="Another number, other resamples."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table."),
)
_OPTIONS = (
    click.option(
        "--java/--no-java",
        default=True,
        show_default=True,
        help="METEOR and SPICE too: they need Java and pip install 'looksay[evaluate]'.",
    ),
    click.option(
        "--own-meteor",
        is_flag=True,
        help="METEOR-synonym (or METEOR-stem) too, which need no Java; see below.",
    ),
    click.option(
        "--document-frequencies",
        "frequency_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="CIDEr's, as `looksay data frequencies` writes them.  [default: the split's own]",
    ),
    *_STATISTICS,
)
output_option = click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write captions and scores there.",
)
subset_option = click.option(
    "--subset", is_flag=True, help="Score the pictures that have captions, though others have none."
)
split_option = click.option("--split", default="dev", show_default=True, help="Which split.")


def statistics_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of intervals and of JSON."""
    for option in reversed(_STATISTICS):
        command = option(command)
    return command


def scoring_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that all verbs of scoring share."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def choose_frequencies(file: Path | None, records: Sequence[Record]) -> DocumentFrequencies:
    """The file's, or those of all records, so that a part of them is scored as the whole is."""
    from looksay.metrics import DocumentFrequencies, tokenize_caption

    if file is not None:
        return DocumentFrequencies.load(file)
    return DocumentFrequencies.build(
        [tokenize_caption(caption) for caption in record.captions] for record in records
    )


def score_and_show(
    dataset: Dataset,
    split: str,
    captions: Mapping[str, str],
    frequencies: DocumentFrequencies,
    *,
    output: Path | None,
    java: bool,
    own_meteor: bool,
    resamples: int,
    resampling_seed: int,
    as_json: bool,
    subject: str = "",
    report: Report | None = None,
) -> Evaluation:
    """Score captions, by picture's name, of a split or a part of it; print and write the scores,
    and the report of the `subject` that made the captions."""
    from looksay.evaluation import evaluate_captions, write_evaluation

    records = [record for record in dataset.split(split) if record.name in captions]
    evaluation = evaluate_captions(
        records, captions, frequencies=frequencies, java=java, own_meteor=own_meteor or None
    )
    say_all(list(evaluation.problems))
    training = [
        caption
        for record in dataset.records
        if record.split == "train"
        for caption in record.captions
    ]
    evaluation = evaluation.with_statistics(
        resamples=resamples, seed=resampling_seed, training=training or None
    )
    if output is not None:
        write_evaluation(output, evaluation)
    click.echo(json.dumps(evaluation.as_dict()) if as_json else evaluation.table())
    if report is not None:
        report.write(evaluation, dataset, split, subject)
    return evaluation
