"""`looksay point`: how often a word's attention lies on what the word names, and how often by
chance."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from looksay.cli.decoding_options import decoding_options, resolve_decoding
from looksay.cli.engine_options import engine_options
from looksay.cli.exits import FAILED
from looksay.cli.scoring_options import split_option, statistics_options
from looksay.cli.split_captions import caption_records, choose_models
from looksay.cli.training_options import data_option, say_all, seed_option, splits_option
from looksay.errors import DataError, UsageError

if TYPE_CHECKING:
    from looksay import Caption
    from looksay.data import Record
    from looksay.evaluation.pointing import Objects, Pointing

SCORES, WORDS = "pointing.json", "words.json"

EPILOG = """\b
Examples:
  looksay point --data coco2017:~/COCO --boxes ~/COCO/annotations/instances_val2017.json
  looksay point runs/a/bundle --data flickr8k:~/Flickr8k --detector yolox.onnx --limit 200

\b
Of every word that names a class which has boxes in the picture ("man", person), times 100:
  pointing          the middle of the place it looks at most is inside one of those boxes
  random place      the same of any place of the model's
  picture's centre  the same of the picture's centre, where photographers put things
  attention inside  the share of its attention that lies inside the boxes
  even attention    that share, were all places looked at alike: over a grid the boxes' area
A figure means as much as it is above chance: the last lines of the first table say how much.
Which words name which class: COCO's 80 classes have a list of synonyms, others their own name.
A detector's boxes are its own guess: it misses things, and finds what is not there.

\b
--output gets pointing.json (what --json prints) and words.json (every word measured).
"""


@click.command(epilog=EPILOG)
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@data_option
@split_option
@click.option(
    "--boxes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Boxes of the pictures' objects, in COCO's instances format.",
)
@click.option(
    "--detector",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Find the boxes with a detector, an ONNX file of YOLOX's layout.",
)
@click.option(
    "--class-names",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The detector's classes, one a line.  [default: COCO's 80]",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0.01, 1),
    default=0.3,
    show_default=True,
    help="The least score of a detector's box.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="The split's first N pictures only."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the figures and every word's there.",
)
@statistics_options
@decoding_options
@engine_options
@seed_option
@splits_option
def point(
    bundle: Path | None,
    data: str,
    split: str,
    boxes: Path | None,
    detector: Path | None,
    class_names: Path | None,
    threshold: float,
    limit: int | None,
    output: Path | None,
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
    """Caption a split with BUNDLE (the shipped model if none) and measure where words look."""
    import looksay
    from looksay.data import load_data

    if (boxes is None) == (detector is None):
        raise UsageError("Give either --boxes FILE or --detector FILE: where the objects are.")
    if detector is None and class_names is not None:
        raise UsageError("--class-names names a detector's classes; --boxes has them in its file.")
    chosen = choose_models(bundle, models)
    decoding = resolve_decoding(**options)
    records = load_data(data, seed=split_seed, split_file=split_file).split(split)[:limit]
    known = None if boxes is None else _known(boxes, records)
    if known is not None:
        records = tuple(record for record in records if record.name in known)
    find = None if detector is None else _finder(detector, threshold, class_names, engine)
    captioner = looksay.load(chosen, engine=engine, precision=precision)
    problems: list[str] = []
    found = caption_records(captioner, records, problems, batch_size=batch_size, **decoding)
    captions = {record.name: (record, caption) for record, caption in found}
    say_all(problems)
    if known is None:
        assert find is not None
        known = {name: find(record.image) for name, (record, _) in captions.items()}
    pointing = _measure(captions, known).with_intervals(resamples=resamples, seed=resampling_seed)
    if output is not None:
        _write(output, pointing.as_dict(), pointing.words_as_dicts())
    click.echo(json.dumps(pointing.as_dict()) if as_json else pointing.table())
    return FAILED if problems else 0


def _known(file: Path, records: Sequence[Record]) -> Mapping[str, Objects]:
    """The boxes of a file by the records' names; those that it does not list are left out."""
    from looksay.data.instances import load_boxes

    listed = load_boxes(file)
    found = {
        record.name: listed[name]
        for record in records
        for name in (record.name, record.image.name)
        if name in listed
    }
    if not found:
        raise DataError(
            f"{file} lists none of the split's pictures (such as {records[0].name}); take the "
            "file of these pictures, or choose another --split."
        )
    if left := len(records) - len(found):
        say_all([f"{left} of {len(records)} pictures are not in {file} and are left out."])
    return found


def _finder(
    detector: Path, threshold: float, class_names: Path | None, engine: str
) -> Callable[[Path], Objects]:
    from looksay.features.regions.objects import ObjectFinder

    # float32: a figure should be the same on every machine
    return ObjectFinder(
        detector, threshold=threshold, class_names=class_names, engine=engine, precision="f32"
    )


def _measure(
    captions: Mapping[str, tuple[Record, Caption]], known: Mapping[str, Objects]
) -> Pointing:
    from looksay.evaluation import ClassWords, looks_at, summarise_looks

    class_words = ClassWords({name for of_one in known.values() for name in of_one})
    return summarise_looks(
        {
            name: looks_at(
                caption.words, caption.attention, known[name], class_words, caption.boxes
            )
            for name, (_, caption) in captions.items()
        }
    )


def _write(folder: Path, scores: dict[str, Any], words: list[dict[str, Any]]) -> None:
    from looksay.data.writing import write_text

    for name, content in ((SCORES, scores), (WORDS, words)):
        write_text(folder / name, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
