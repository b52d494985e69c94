"""What the report's script is told of the pictures: an index to choose from, and a block each."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from looksay.data import Record
from looksay.evaluation.report.thumbnails import Thumbnail
from looksay.evaluation.results import Evaluation
from looksay.metrics import tokenize_caption
from looksay.pictures.page_data import page_data, script_json
from looksay.pictures.regions import Regions, check_looks

PAGE = 50  # pictures shown at a time

Looks = dict[str, Any]


def pack_looks(
    words: Sequence[str], attention: np.ndarray, regions: Regions | None = None
) -> Looks:
    """Where a caption's words look, as JSON: a byte a place and word, in base64.

    Args:
        words: the caption's words.
        attention: weights (words, rows, columns), or with `regions` (words, regions).
        regions: the boxes that attention lies over, where it does not lie over a grid.
    """
    data = page_data(check_looks(words, attention, regions), regions)
    packed: Looks = {"words": list(words)}
    for name, value in data.items():
        if isinstance(value, np.ndarray):
            packed[name] = base64.b64encode(value.tobytes()).decode("ascii")
            packed["shape"] = list(value.shape[1:])
        else:
            packed[name] = value
    return packed


def best_first(evaluation: Evaluation, records: Sequence[Record]) -> list[Record]:
    """The records that were scored, as the page shows them first: its first blocks are all that it
    has to wait for."""
    cider = dict(zip(evaluation.details.images, evaluation.details.per_image["CIDEr"], strict=True))
    scored = [record for record in records if record.name in cider]
    return sorted(scored, key=lambda record: -cider[record.name])


def index_json(evaluation: Evaluation, records: Sequence[Record]) -> str:
    """The metrics' names and every picture's name, caption, references, length, and scores times
    100. CIDEr-D is left out, which is CIDEr by another name."""
    scores = evaluation.details.per_image
    metrics = [name for name in scores if name != "CIDEr-D"]
    rows = {name: row for row, name in enumerate(evaluation.details.images)}
    pictures = [
        {
            "name": record.name,
            "caption": evaluation.captions[record.name],
            "references": list(record.captions),
            "length": len(tokenize_caption(evaluation.captions[record.name])),
            "scores": [_hundredfold(scores[metric][rows[record.name]]) for metric in metrics],
        }
        for record in records
    ]
    return script_json({"page": PAGE, "metrics": metrics, "pictures": pictures})


def blocks(
    records: Sequence[Record],
    thumbnails: Iterable[Thumbnail | str | None],
    looks: Mapping[str, Looks],
) -> list[str]:
    """A block of JSON a picture, which the page reads when it shows that picture."""
    return [
        f'<script type="application/json" id="p{number}">'
        f"{script_json(_block(thumbnail, looks.get(record.name)))}</script>"
        for number, (record, thumbnail) in enumerate(zip(records, thumbnails, strict=True))
    ]


def _block(thumbnail: Thumbnail | str | None, looks: Looks | None) -> dict[str, Any]:
    if thumbnail is None:
        return {}
    if isinstance(thumbnail, str):
        return {"problem": thumbnail}
    block: dict[str, Any] = {
        "thumbnail": thumbnail.uri,
        "width": thumbnail.width,
        "height": thumbnail.height,
    }
    return block if looks is None else {**block, "lamp": thumbnail.lamp, "looks": looks}


def _hundredfold(score: float) -> float | None:
    return round(100 * float(score), 2) if math.isfinite(score) else None
