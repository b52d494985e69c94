"""The folders a library is made of, and paths below them.

A folder inside one that the library knows is a part of that; a folder around known ones takes their
files over. So no file stands in a library twice.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from looksay.errors import LibraryError
from looksay.library.database import transaction


@dataclass(frozen=True)
class Part:
    """A folder to look through: a root, or with `inside` a folder below it."""

    root_id: int
    root: Path
    inside: bytes = b""

    @property
    def folder(self) -> Path:
        return absolute(os.fsencode(self.root), self.inside)

    def relative(self, path: str | os.PathLike[str]) -> bytes:
        """A path below the root, as the database has it."""
        relative = os.fsencode(os.path.relpath(path, self.root))
        return relative.replace(os.fsencode(os.sep), b"/")

    def lies_in(self, other: Part) -> bool:
        """Whether it is a folder below another part's."""
        return self != other and self.folder.is_relative_to(other.folder)

    @property
    def where(self) -> tuple[str, tuple[object, ...]]:
        """The files of this part, as a condition in SQL on `files` and its values."""
        if not self.inside:
            return "files.root_id = ?", (self.root_id,)
        # "0" follows "/": everything that begins with the folder's name and a slash
        span = self.inside + b"/", self.inside + b"0"
        return "files.root_id = ? AND files.path >= ? AND files.path < ?", (self.root_id, *span)


def absolute(root: bytes, path: bytes) -> Path:
    """Where a file lies, from what the database has of it."""
    return Path(os.fsdecode(root), os.fsdecode(path)) if path else Path(os.fsdecode(root))


def known_roots(connection: sqlite3.Connection) -> list[Part]:
    """Every folder that the library is made of."""
    rows = connection.execute("SELECT id, path FROM roots ORDER BY path")
    return [Part(number, absolute(path, b"")) for number, path in rows]


def find_part(connection: sqlite3.Connection, folder: str | os.PathLike[str]) -> Part:
    """The part of the library that a folder is, added where it is new.

    Raises LibraryError for what is no folder.
    """
    path = Path(os.path.realpath(folder))
    roots = known_roots(connection)
    for root in roots:
        if path == root.root:
            return root
        if path.is_relative_to(root.root):
            return Part(root.root_id, root.root, root.relative(path))
    if not path.is_dir():
        what = "is a file" if path.exists() else "does not exist"
        raise LibraryError(f"{os.fspath(folder)} {what}; name a folder of photographs.")
    with transaction(connection):
        cursor = connection.execute("INSERT INTO roots (path) VALUES (?)", (os.fsencode(path),))
        part = Part(int(cursor.lastrowid or 0), path)
        for inner in roots:
            if inner.root.is_relative_to(path):
                _take_over(connection, part, inner)
    return part


def _take_over(connection: sqlite3.Connection, outer: Part, inner: Part) -> None:
    before = outer.relative(inner.root) + b"/"
    connection.create_function("below", 1, lambda path: before + path, deterministic=True)
    connection.execute(
        "UPDATE files SET root_id = ?, path = below(path) WHERE root_id = ?",
        (outer.root_id, inner.root_id),
    )
    connection.execute("DELETE FROM roots WHERE id = ?", (inner.root_id,))
