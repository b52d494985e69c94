"""Captions in COCO's results format, of any system: read, matched with a split, written.

    [{"image_id": 391895, "caption": "a man rides a motorcycle"}, ...]

An image_id is COCO's number, or the picture's name in the data set.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from looksay.data import Record
from looksay.data.reading import get_field, read_json
from looksay.data.records import count
from looksay.data.writing import write_text
from looksay.errors import DataError
from looksay.evaluation.captions import image_id, to_coco_results
from looksay.evaluation.results import Evaluation

RESULTS, SCORES, PER_IMAGE = "results.json", "scores.json", "per_image.json"


def read_results(path: Path) -> dict[str, str]:
    """Captions by image_id as text: a results file's, or those in a folder that `looksay evaluate
    --output` wrote.

    Raises DataError, with file and entry, for what is not in the format and for an id given twice.
    """
    file = path / RESULTS if path.is_dir() else path
    if path.is_dir() and not file.is_file():
        raise DataError(
            f"{path} has no {RESULTS}; name a results file, or a folder that `looksay evaluate "
            "--output` wrote."
        )
    entries = read_json(file)
    if not isinstance(entries, list):
        raise DataError(
            f'{file}: a list [{{"image_id": ..., "caption": ...}}] should stand there, as COCO\'s '
            "results format has it."
        )
    captions: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        where = f"{file}, entry {number}"
        key = str(get_field(entry, "image_id", (int, str), where))
        if key in captions:
            raise DataError(f"{where}: image_id {key} has a caption already; give one a picture.")
        captions[key] = get_field(entry, "caption", str, where)
    return captions


def match_results(
    results: dict[str, str], records: Sequence[Record], source: Path, *, subset: bool = False
) -> dict[str, str]:
    """The results' captions by the records' names, in the records' order.

    Raises DataError for an image_id that no record has; for records without a caption, unless a
    `subset` is wanted; and where no caption is left.
    """
    names = {str(image_id(record.name)): record.name for record in records}
    names |= {record.name: record.name for record in records}
    unknown = [key for key in results if key not in names]
    if unknown:
        known = next(iter(names))
        raise DataError(
            f"{source}: {count(len(unknown), 'image_id')} not in the split ({_some(unknown)}); its "
            f"pictures have ids like {known}. Choose another --split or --data."
        )
    captions: dict[str, str] = {}
    for key, caption in results.items():
        if names[key] in captions:
            raise DataError(f"{source}: the picture {names[key]} has two captions; give it one.")
        captions[names[key]] = caption
    missing = [record.name for record in records if record.name not in captions]
    if missing and (not subset or not captions):
        raise DataError(
            f"{source} has no caption for {len(missing):,} of the split's "
            f"{count(len(records), 'picture')} ({_some(missing)}). Caption them too"
            f"{'' if subset else ', or score the others alone with --subset'}."
        )
    return {record.name: captions[record.name] for record in records if record.name in captions}


def write_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Write captions (COCO's results format), the scores, and each picture's, into a folder."""
    results = to_coco_results(evaluation.captions)
    for name, content in (
        (RESULTS, results),
        (SCORES, evaluation.as_dict()),
        (PER_IMAGE, _per_image(results, evaluation)),
    ):
        write_text(folder / name, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _per_image(results: list[dict[str, Any]], evaluation: Evaluation) -> list[dict[str, Any]]:
    """The results with each picture's scores, as fractions."""
    rows = {name: row for row, name in enumerate(evaluation.details.images)}
    scores = evaluation.details.per_image
    return [
        {**result, "scores": {metric: float(each[rows[name]]) for metric, each in scores.items()}}
        for result, name in zip(results, evaluation.captions, strict=True)
    ]


def _some(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and others"
