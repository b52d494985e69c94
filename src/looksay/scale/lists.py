"""Lists of pictures: the names in a column of a Parquet file or of JSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from looksay.errors import ScaleError, nearest
from looksay.json_text import parse_json
from looksay.places import explained, open_place

PARQUET, JSON_LINES = (".parquet", ".pq"), (".jsonl", ".ndjson")
COLUMNS = ("image", "path", "file_name", "url")  # looked for in this order unless one is named


def is_list(name: str) -> bool:
    """Whether a file is a list that this module reads, by its suffix."""
    return name.lower().endswith((*PARQUET, *JSON_LINES))


def read_list(name: str, column: str | None = None) -> Iterator[str]:
    """The names in a list, one by one, whatever the list's length.

    column: what holds them; None: the first of `COLUMNS` that there is.
    Raises ScaleError where the list cannot be read, or has no such column of texts.
    """
    fs, path = open_place(name)
    with explained(name), fs.open(path, "rb") as file:
        if name.lower().endswith(PARQUET):
            yield from _read_parquet(name, file, column)
        else:
            yield from _read_json_lines(name, file, column)


def _read_parquet(name: str, file: Any, column: str | None) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(file)
    except pa.ArrowInvalid as error:
        raise ScaleError(
            f"{name} is no Parquet file, or a damaged one; copy or write it again."
        ) from error
    chosen = _choose(name, parquet.schema_arrow.names, column)
    kind = parquet.schema_arrow.field(chosen).type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise ScaleError(
            f"{name}: the column {chosen!r} holds {kind}, not text; name the column of the "
            "pictures' paths with --column."
        )
    row = 0
    for batch in parquet.iter_batches(columns=[chosen]):
        for value in batch.column(0).to_pylist():
            row += 1
            yield _checked(value, f"{name}, row {row}")


def _read_json_lines(name: str, file: Any, column: str | None) -> Iterator[str]:
    chosen: str | None = None
    for number, line in enumerate(file, 1):
        where = f"{name}, line {number}"
        if not line.strip():
            continue
        try:
            record = parse_json(line.decode("utf-8-sig"))
        except ValueError as error:
            raise ScaleError(
                f"{where}: not JSON; each line has to be an object or a text."
            ) from error
        if isinstance(record, dict):
            if chosen is None or chosen not in record:
                chosen = _choose(where, list(record), column)
            record = record[chosen]
        yield _checked(record, where)


def _choose(where: str, names: Sequence[str], column: str | None) -> str:
    wanted = COLUMNS if column is None else (column,)
    for name in wanted:
        if name in names:
            return name
    has = ", ".join(map(repr, names[:8])) or "none"
    hint = nearest(column, names) if column else "; name the column with --column"
    listed = " or ".join(map(repr, wanted))
    raise ScaleError(f"{where} has no column {listed}{hint}; it has {has}.")


def _checked(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ScaleError(f"{where}: {value!r} stands where a picture's path should.")
    return value
