"""A photo library to search in and to show photographs of."""

from __future__ import annotations

import io
import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from looksay.errors import ImageError, UnknownPhotographError, UsageError
from looksay.images import open_image
from looksay.library.database import open_to_read
from looksay.library.query import Query, parse_query
from looksay.library.roots import absolute
from looksay.library.snippet import CLOSE, OPEN, Snippet, cut_snippet

SCHEMA = 1
MOST_RESULTS, MOST_SIDE_PIXELS = 10_000, 2048
_JPEG_QUALITY = 82

# How much a word counts in the caption and in the alternatives.
_RANK = "bm25(captions, 1.0, 0.4)"
_IS_THERE = (
    "EXISTS (SELECT 1 FROM files WHERE files.content_id = {number} AND files.gone_at IS NULL)"
)


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """A photograph that a search found.

    Args:
        id: its number, by which `Library.thumbnail` shows it.
        paths: the files that hold it, copies after the first; where all are gone, their last
            places.
        is_there: whether there is a file of it, as far as the last update knows.
        caption, log_prob, confidence, alternatives, model: as captioning gave them.
        snippet: the caption, or the alternative that was found, and where the words are in it.
        whole: whether every telling word of the query is in it, not only some.
        score: how well it fits, higher is better; to compare within `whole` or not, in one search.
        width, height: in pixels, upright; None where the file tells none.
    """

    id: int
    paths: tuple[Path, ...]
    is_there: bool
    caption: str
    log_prob: float | None
    confidence: float | None
    alternatives: tuple[dict[str, Any], ...]
    model: str
    snippet: Snippet
    whole: bool
    score: float
    width: int | None
    height: int | None

    def to_json(self) -> dict[str, Any]:
        """A record of plain Python values."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "image": os.fspath(self.paths[0]),
            "copies": [os.fspath(path) for path in self.paths[1:]],
            "is_there": self.is_there,
            "caption": self.caption,
            "log_prob": self.log_prob,
            "confidence": self.confidence,
            "alternatives": list(self.alternatives),
            "model": self.model,
            "snippet": self.snippet.text,
            "matches": [list(match) for match in self.snippet.matches],
            "whole": self.whole,
            "score": self.score,
            "width": self.width,
            "height": self.height,
        }


@dataclass(frozen=True)
class Results:
    """Some of a search's photographs, best first, and how many there are in all."""

    photographs: tuple[Photograph, ...]
    total: int

    def to_json(self) -> dict[str, Any]:
        """A record of plain Python values."""
        found = [photograph.to_json() for photograph in self.photographs]
        return {"schema": SCHEMA, "total": self.total, "photographs": found}


class Library:
    """A photo library that `looksay index` has made; reads only, from any number of threads.

    Raises LibraryError where the database cannot be used.

    Example:
        >>> library = Library("photos.db")
        >>> library.search("dog on a beach").photographs[0].caption
        'a brown dog runs along the beach'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        with open_to_read(self.path):
            pass

    def __len__(self) -> int:
        """How many different photographs can be found."""
        with open_to_read(self.path) as connection:
            (number,) = connection.execute(
                "SELECT count(*) FROM contents WHERE caption IS NOT NULL AND "
                + _IS_THERE.format(number="contents.id")
            ).fetchone()
        return number

    def search(
        self, query: str, limit: int = 20, offset: int = 0, *, missing: bool = False
    ) -> Results:
        """The photographs whose captions fit a query, best first: those with all of its words
        before those with some, among each other by BM25.

        Args:
            query: words, "phrases", -exclusions, OR; see `looksay.library.query`.
            limit, offset: how many, after how many others.
            missing: also those whose files are gone.

        Raises UsageError where the query or a number makes no sense.
        """
        if not 1 <= limit <= MOST_RESULTS or not 0 <= offset <= 2**62:
            raise UsageError(f"limit must be between 1 and {MOST_RESULTS:,}, offset 0 or more.")
        parsed = parse_query(query)
        with open_to_read(self.path) as connection:
            rows = _rank(connection, parsed, limit, offset, missing)
            snippets = _snippets(connection, parsed, [row["id"] for row in rows])
            found = tuple(_photograph(connection, row, snippets) for row in rows)
            total = rows[0]["total"] if rows else _count(connection, parsed, offset, missing)
        return Results(found, total)

    def digest(self, number: int) -> str:
        """The SHA-256, in hexadecimal, of the bytes of a photograph's file.

        Raises UnknownPhotographError where there is no such number.
        """
        if _is_number(number):
            with open_to_read(self.path) as connection:
                row = connection.execute(
                    "SELECT sha256 FROM contents WHERE id = ?", (number,)
                ).fetchone()
            if row is not None:
                return row[0].hex()
        raise _unknown(number)

    def thumbnail(self, number: int, *, side: int = 320) -> bytes:
        """A photograph as a small upright JPEG, no side longer than `side` pixels.

        Raises UnknownPhotographError where there is no such number, ImageError where its file
        cannot be read any more.
        """
        if not 16 <= side <= MOST_SIDE_PIXELS:
            raise UsageError(f"A thumbnail's side is from 16 to {MOST_SIDE_PIXELS} pixels.")
        with open_to_read(self.path) as connection:
            paths = _paths(connection, number) if _is_number(number) else []
        if not paths:
            raise _unknown(number)
        problem = None
        for path in paths:
            try:
                return _shrink(path, side)
            except ImageError as error:
                problem = problem or error
        assert problem is not None
        raise problem


def _is_number(number: int) -> bool:
    return 0 < number < 2**63  # SQLite has no others


def _unknown(number: int) -> UnknownPhotographError:
    return UnknownPhotographError(f"The photo library has no photograph {number}.")


def _rank(
    connection: sqlite3.Connection, query: Query, limit: int, offset: int, missing: bool
) -> list[sqlite3.Row]:
    """The photographs' numbers and rows in the order of the results."""
    found, values = _found(query, missing)
    order = "part, rank, id" if query.wanted else "id DESC"
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    rows = cursor.execute(
        f"WITH found AS ({found}) SELECT found.*, contents.*, models.name AS model FROM ("
        f"SELECT *, count(*) OVER () AS total FROM found ORDER BY {order} "
        "LIMIT :limit OFFSET :offset) AS found JOIN contents USING (id) "
        f"JOIN models ON models.id = contents.model_id ORDER BY {order}",
        {**values, "limit": limit, "offset": offset},
    )
    return rows.fetchall()


def _found(query: Query, missing: bool) -> tuple[str, dict[str, str]]:
    """The SQL for everything that fits, and its values: id, rank, and part 0 for captions with
    every word, 1 for those with every telling word, 2 for the rest."""
    values = {"none": query.none} if query.excluded else {}
    if not query.wanted:
        found = "SELECT id, 0.0 AS rank, 0 AS part FROM contents WHERE caption IS NOT NULL"
        number = "contents.id"
    else:
        values |= {"every": query.every, "telling": query.telling, "some": query.some}
        found = (
            f"SELECT rowid AS id, {_RANK} AS rank, CASE WHEN rowid IN "
            "(SELECT rowid FROM captions WHERE captions MATCH :every) THEN 0 WHEN rowid IN "
            "(SELECT rowid FROM captions WHERE captions MATCH :telling) THEN 1 ELSE 2 END AS part "
            "FROM captions WHERE captions MATCH :some"
        )
        number = "captions.rowid"
    if query.excluded:
        found += f" AND {number} NOT IN (SELECT rowid FROM captions WHERE captions MATCH :none)"
    if not missing:
        found += " AND " + _IS_THERE.format(number=number)
    return found, values


def _count(connection: sqlite3.Connection, query: Query, offset: int, missing: bool) -> int:
    """How many fit, where the page asked for is empty."""
    if not offset:
        return 0
    found, values = _found(query, missing)
    return connection.execute(f"SELECT count(*) FROM ({found})", values).fetchone()[0]


def _snippets(
    connection: sqlite3.Connection, query: Query, numbers: Sequence[int]
) -> dict[int, Snippet]:
    if not query.wanted:
        return {}
    marks = f"'{OPEN}', '{CLOSE}'"
    rows = connection.execute(
        f"SELECT rowid, highlight(captions, 0, {marks}), highlight(captions, 1, {marks}) "
        "FROM captions WHERE captions MATCH ? AND rowid IN (SELECT value FROM json_each(?))",
        (query.some, json.dumps(numbers)),
    )
    return {number: cut_snippet(caption, others) for number, caption, others in rows}


def _photograph(
    connection: sqlite3.Connection, row: sqlite3.Row, snippets: dict[int, Snippet]
) -> Photograph:
    paths = _paths(connection, row["id"])
    gone = not paths
    return Photograph(
        id=row["id"],
        paths=tuple(paths or _paths(connection, row["id"], gone=True)),
        is_there=not gone,
        caption=row["caption"],
        log_prob=row["log_prob"],
        confidence=row["confidence"],
        alternatives=tuple(json.loads(row["alternatives"])),
        model=row["model"],
        snippet=snippets.get(row["id"]) or Snippet(row["caption"]),
        whole=row["part"] < 2,
        score=-row["rank"],
        width=row["width"],
        height=row["height"],
    )


def _paths(connection: sqlite3.Connection, number: int, *, gone: bool = False) -> list[Path]:
    rows = connection.execute(
        "SELECT roots.path, files.path FROM files JOIN roots ON roots.id = files.root_id WHERE "
        "files.content_id = ? AND (files.gone_at IS NOT NULL) = ? ORDER BY files.id",
        (number, gone),
    )
    return [absolute(root, path) for root, path in rows]


def _shrink(path: Path, side: int) -> bytes:
    image = open_image(path, at_least=side)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return file.getvalue()
