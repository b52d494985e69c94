"""A folder of one's own photographs with their captions beside them.

    DIR/metadata.jsonl   {"file_name": "a.jpg", "caption": "A dog."}, an object a line;
                         "image" for "file_name", "captions" or "text" for "caption", a text or a
                         list of them; "split" if wanted
    DIR/captions.csv     columns image (or file_name), caption, and split if wanted; a row a caption

Paths are relative to DIR. Pictures without a split are divided by `split_by_name`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from looksay.data.gathering import Gathering
from looksay.data.reading import (
    ImageFolder,
    check_name,
    check_texts,
    parse_object,
    read_text,
)
from looksay.data.records import Dataset
from looksay.data.splits import split_by_name, split_name
from looksay.errors import DataError

IMAGE_FIELDS = ("file_name", "image")
CAPTION_FIELDS = ("caption", "captions", "text")
JSONL, CSV = "metadata.jsonl", "captions.csv"


@dataclass(frozen=True)
class Row:
    """A picture's name, captions and split (or "") as a line of the file gives them."""

    name: str
    captions: tuple[str, ...]
    split: str
    where: str
    repeats: bool  # a second row of the picture is a repetition, not the way of the format


def load_folder(
    folder: Path, name: str, *, seed: int = 0, dev_share: float = 0.1, test_share: float = 0.0
) -> Dataset:
    """The folder's records. Raises DataError that names file and line of what cannot be read."""
    images, gathering = ImageFolder(folder), Gathering()
    splits = _gather(_rows(folder), gathering)
    files = gathering.usable(lambda picture: images.find(picture, str(folder)))
    unsplit = [picture for picture in files if not splits[picture]]
    splits |= split_by_name(unsplit, seed=seed, dev_share=dev_share, test_share=test_share)
    return gathering.dataset(files, splits, name)


def _gather(rows: Iterator[Row], gathering: Gathering) -> dict[str, str]:
    """The split of every picture, "" where the rows name none; their captions are gathered."""
    splits: dict[str, str] = {}
    for row in rows:
        if row.name not in splits:
            splits[row.name] = row.split
        elif row.repeats:
            gathering.tally.add("duplicate_images", row.name)
        if splits[row.name] != row.split:
            raise DataError(
                f"{row.where}: {row.name} is in split {row.split or 'none'!r} here and was in "
                f"{splits[row.name] or 'none'!r} before; a picture belongs to one split."
            )
        gathering.add_picture(row.name)
        for caption in row.captions:
            gathering.add_caption(row.name, caption)
    return splits


def _rows(folder: Path) -> Iterator[Row]:
    jsonl, table = folder / JSONL, folder / CSV
    if jsonl.is_file() and table.is_file():
        raise DataError(f"{folder} has both {JSONL} and {CSV}; keep one.")
    if jsonl.is_file():
        return _jsonl_rows(jsonl)
    if table.is_file():
        return _csv_rows(table)
    raise DataError(f"{folder} has neither {JSONL} nor {CSV}, so its captions are not known.")


def _jsonl_rows(path: Path) -> Iterator[Row]:
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        fields = parse_object(line, where, '{"file_name": ...}')
        captions = _field(fields, CAPTION_FIELDS, where)
        captions = captions if isinstance(captions, list) else [captions]
        image, split = _field(fields, IMAGE_FIELDS, where), fields.get("split") or ""
        check_texts((image, split, *captions), where)
        yield Row(check_name(image, where), tuple(captions), split_name(split), where, True)


def _csv_rows(path: Path) -> Iterator[Row]:
    text = read_text(path)
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)  # Excel writes semicolons in half of Europe
    table = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        columns = table.fieldnames or []
        table.fieldnames = [column.strip().lower() for column in columns]
        for cells in table:
            where = f"{path}, line {table.line_num}"
            if None in cells or None in cells.values():
                raise DataError(
                    f"{where}: not {len(columns)} cells as in the heading; "
                    "put quotation marks around a caption with a comma in it."
                )
            name = check_name(_field(cells, IMAGE_FIELDS, where), where)
            split = split_name(cells.get("split") or "")
            yield Row(name, (_field(cells, CAPTION_FIELDS, where),), split, where, False)
    except csv.Error as error:
        raise DataError(f"{path}, line {table.reader.line_num}: not CSV ({error}).") from error


def _field(fields: Mapping[str, Any], names: tuple[str, ...], where: str) -> Any:
    """The value under the first of the names that is there."""
    for name in names:
        if name in fields:
            return fields[name]
    raise DataError(f"{where}: there is no {' or '.join(names)}.")
