"""Captioning the contents that have no caption yet, and writing the captions down."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from looksay.library.batches import batches
from looksay.library.database import transaction
from looksay.library.fingerprint import Stamp, take_stamp
from looksay.library.model import Model
from looksay.library.report import Report
from looksay.library.roots import Part, absolute
from looksay.library.tokens import clean, split


class Waiting(NamedTuple):
    """A content to caption, and one of the files that hold it."""

    content_id: int
    path: Path
    stamp: Stamp


def find_waiting(
    connection: sqlite3.Connection,
    parts: Sequence[Part],
    model_id: int,
    *,
    recaption: bool = False,
    retry: bool = True,
) -> list[Waiting]:
    """The contents in these parts of the library that want a caption, in the order of their files.

    recaption: also those whose caption is of another model. retry: also those that failed before.
    """
    wanted = "contents.caption IS NULL" + ("" if retry else " AND contents.error IS NULL")
    if recaption:
        wanted = f"({wanted}) OR contents.model_id != {int(model_id)}"
    found: dict[int, Waiting] = {}
    for part in parts:
        condition, values = part.where
        rows = connection.execute(
            "SELECT contents.id, files.path, files.bytes, files.mtime_ns, files.inode "
            "FROM contents JOIN files ON files.content_id = contents.id "
            f"WHERE files.gone_at IS NULL AND {condition} AND ({wanted}) ORDER BY files.path",
            values,
        )
        for content_id, path, *stamp in rows:
            place = absolute(os.fsencode(part.root), path)
            found.setdefault(content_id, Waiting(content_id, place, Stamp(*stamp)))
    return list(found.values())


def count_other_model(connection: sqlite3.Connection, parts: Sequence[Part], model_id: int) -> int:
    """How many photographs in these parts have a caption of another model or other options."""
    total = 0
    for part in parts:
        condition, values = part.where
        (number,) = connection.execute(
            "SELECT count(DISTINCT contents.id) FROM files JOIN contents "
            "ON files.content_id = contents.id WHERE files.gone_at IS NULL "
            f"AND contents.caption IS NOT NULL AND contents.model_id != ? AND {condition}",
            (model_id, *values),
        ).fetchone()
        total += number
    return total


def caption_waiting(
    connection: sqlite3.Connection,
    waiting: Sequence[Waiting],
    model: Model,
    report: Report,
    *,
    say: Callable[[str], None],
    advance: Callable[[], None],
) -> None:
    """Caption them and write each caption down within a second or so."""
    if not waiting:
        return
    model_id = model.number(connection)
    with closing(_records(waiting, model, report, say, advance)) as records:
        for batch in batches(records, size=64):
            with transaction(connection):
                for content_id, record in batch:
                    _write(connection, content_id, model_id, record)


def _records(
    waiting: Sequence[Waiting],
    model: Model,
    report: Report,
    say: Callable[[str], None],
    advance: Callable[[], None],
) -> Generator[tuple[int, dict[str, Any]]]:
    with closing(model.caption(item.path for item in waiting)) as records:
        for item, record in zip(waiting, records, strict=True):
            advance()
            if not _unchanged(item):
                report.waiting += 1
                continue
            if record["error"]:
                report.failed += 1
                say(record["error"])
            else:
                report.captioned += 1
            yield item.content_id, record


def _unchanged(item: Waiting) -> bool:
    """Whether the file is still the one whose hash was taken: a caption never goes to another."""
    try:
        return take_stamp(item.path) == item.stamp
    except OSError:
        return False


def _write(
    connection: sqlite3.Connection, content_id: int, model_id: int, record: dict[str, Any]
) -> None:
    if record["error"]:
        connection.execute(  # a caption that is there already is better than none
            "UPDATE contents SET error = ? WHERE id = ? AND caption IS NULL",
            (record["error"].encode("utf-8", "backslashreplace").decode(), content_id),
        )
        return
    caption = clean(record["caption"])
    connection.execute(
        "UPDATE contents SET caption = ?, words = ?, log_prob = ?, confidence = ?, "
        "alternatives = ?, model_id = ?, error = NULL, captioned_at = ? WHERE id = ?",
        (
            caption,
            json.dumps(record["words"], ensure_ascii=False),
            record["log_prob"],
            record.get("confidence"),
            json.dumps(record["alternatives"], ensure_ascii=False),
            model_id,
            datetime.now(UTC).isoformat(timespec="seconds"),
            content_id,
        ),
    )
    others = "\n".join(clean(other["caption"]) for other in record["alternatives"])
    connection.execute("DELETE FROM captions WHERE rowid = ?", (content_id,))
    connection.execute(
        "INSERT INTO captions (rowid, caption, alternatives) VALUES (?, ?, ?)",
        (content_id, split(caption), split(others)),
    )
