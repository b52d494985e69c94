"""What an earlier run has left in an output file: what is done, and what must be mended.

Pictures that failed are tried again: their records are taken out, so that none stands twice.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from looksay.cli.records import CSV_COLUMNS, SCHEMA
from looksay.errors import UsageError
from looksay.json_text import parse_json

Record = dict[str, Any]


@dataclass
class Earlier:
    """The earlier run's successes.

    `rewrite` is the file's content without failures and torn ends, None where it can stay as it is.
    `records` is filled for the JSON array only, which has to be written anew as a whole.
    """

    done: set[str] = field(default_factory=set)
    records: list[Record] = field(default_factory=list)
    rewrite: bytes | None = None
    model: str | None = None

    def check_model(self, path: Path, record: Record) -> None:
        """Refuses to mix the captions of two models in one file."""
        new = record["model"]
        if self.model is not None and new is not None and new != self.model:
            raise UsageError(
                f"{path} holds captions by the model {self.model!r}, but these are by {new!r}; "
                "name another --output file."
            )


def read_earlier(format: str, path: Path, *, attention: bool) -> Earlier:
    """Reads an output file; a missing or empty one holds nothing.

    Raises UsageError where the file is not of this format, or holds other records than this
    command would write: captions are never added to a file that something else has made.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Earlier()
    if not content:
        return Earlier()
    reader = {"text": _read_text, "jsonl": _read_jsonl, "csv": _read_csv, "json": _read_json}
    return reader[format](path, content, attention)


def _refuse(path: Path, kind: str) -> UsageError:
    return UsageError(
        f"{path} exists and is no {kind} written by looksay; name another --output file."
    )


def _read_text(path: Path, content: bytes, attention: bool) -> Earlier:
    whole = _whole_lines(content)
    earlier = Earlier(rewrite=whole if len(whole) < len(content) else None)
    for line in whole.split(b"\n")[:-1]:
        name, tab, _ = line.partition(b"\t")
        if not tab:
            raise _refuse(path, "text file")
        earlier.done.add(name.decode("utf-8", "surrogateescape"))
    return earlier


def _whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


def _read_jsonl(path: Path, content: bytes, attention: bool) -> Earlier:
    earlier, kept = Earlier(), []
    for line in _whole_lines(content).split(b"\n")[:-1]:
        try:
            record = parse_json(line)
        except ValueError:
            raise _refuse(path, "JSON Lines file") from None
        if _take(earlier, path, record, attention, "JSON Lines file"):
            kept.append(line + b"\n")
    rewrite = b"".join(kept)
    earlier.rewrite = rewrite if rewrite != content else None
    return earlier


def _read_json(path: Path, content: bytes, attention: bool) -> Earlier:
    try:
        records = parse_json(content)
    except ValueError:
        raise _refuse(path, "JSON file") from None
    if not isinstance(records, list):
        raise _refuse(path, "JSON file")
    earlier = Earlier()
    earlier.records = [r for r in records if _take(earlier, path, r, attention, "JSON file")]
    return earlier


def _take(earlier: Earlier, path: Path, record: Any, attention: bool, kind: str) -> bool:
    """Notes a record as done; False for a failure, which is to be tried again."""
    if not isinstance(record, dict) or not isinstance(record.get("image"), str):
        raise _refuse(path, kind)
    if record.get("schema") != SCHEMA:
        raise UsageError(
            f"{path} has records of schema {record.get('schema')!r}, this looksay writes schema "
            f"{SCHEMA}; name another --output file."
        )
    if record.get("error"):
        return False
    if ("attention" in record) != attention:
        had = "with" if "attention" in record else "without"
        raise UsageError(
            f"{path} was begun {had} --attention-values; go on with the same options, or name "
            "another --output file."
        )
    earlier.done.add(record["image"])
    earlier.model = record.get("model") or earlier.model
    return True


def _read_csv(path: Path, content: bytes, attention: bool) -> Earlier:
    whole = _whole_csv_rows(content)
    text = whole.decode("utf-8", "surrogateescape")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows:  # even the heading is torn
        return Earlier(rewrite=b"")
    if tuple(rows[0]) != CSV_COLUMNS or any(len(row) != len(CSV_COLUMNS) for row in rows):
        raise _refuse(path, "CSV file")
    earlier, kept = Earlier(), [rows[0]]
    for row in rows[1:]:
        values = dict(zip(CSV_COLUMNS, row, strict=True))
        if not values["error"]:
            kept.append(row)
            earlier.done.add(values["image"])
            earlier.model = values["model"] or earlier.model
    if len(kept) < len(rows):
        whole = _write_csv(kept)
    earlier.rewrite = whole if whole != content else None
    return earlier


def _whole_csv_rows(content: bytes) -> bytes:
    """The content up to its last complete row: an odd number of quotes means one is open."""
    end = quotes = position = 0
    for line in content.splitlines(keepends=True):
        position += len(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0 and line.endswith(b"\n"):
            end = position
    return content[:end]


def _write_csv(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode("utf-8", "surrogateescape")
