"""Opening a photo library's database, and saying in a sentence why it cannot be used."""

from __future__ import annotations

import os
import shutil
import sqlite3
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from looksay.errors import LibraryError
from looksay.library.schema import APPLICATION_ID, TABLES, VERSION
from looksay.locks import LockTaken, sole_holder

_BUSY_MILLISECONDS = 10_000
_LEAST_FREE_BYTES = 1 << 16  # twice what SQLite makes its index of the write-ahead log in
_SQLITE_MAGIC = b"SQLite format 3\x00"


@contextmanager
def open_to_write(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, made where there is none, for the one run that changes it.

    Raises LibraryError where the file belongs to something else, is damaged, cannot be written, or
    another run has it.
    """
    if not path.parent.is_dir():
        raise LibraryError(f"The folder {path.parent} for {path.name} does not exist; make it.")
    if path.is_dir():
        raise LibraryError(f"{path} is a folder; --database names a file.")
    _check_is_sqlite(path)
    with explained(path), _sole_run(path), _connect(path, "rwc") as connection:
        if _is_new(connection, path):
            _create(connection)
        yield connection


@contextmanager
def open_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """The database for searching, never changed; also while a run goes on adding to it.

    Raises LibraryError where there is none, or as `open_to_write` does.
    """
    if not path.is_file():
        raise LibraryError(
            f"There is no photo library {path}; make one with "
            f"`looksay index PHOTOS --database {path}`."
        )
    _check_is_sqlite(path)
    with explained(path), _connect(path, _reading_mode(path)) as connection:
        if _is_new(connection, path):
            raise LibraryError(f"{path} is empty; fill it with `looksay index PHOTOS`.")
        connection.execute("BEGIN")  # one view of it, whatever a run writes meanwhile
        yield connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """SQLite's errors as LibraryErrors."""
    try:
        yield
    except sqlite3.Error as error:
        raise LibraryError(_explain(error, path)) from error


@contextmanager
def _connect(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    name = urllib.parse.quote(os.fsencode(path.absolute()))
    connection = sqlite3.connect(f"file:{name}?{_MODES[mode]}", uri=True, isolation_level=None)
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")  # whole after a kill, and far quicker
        yield connection
    finally:
        connection.close()


_MODES = {"rwc": "mode=rwc", "ro": "mode=ro", "still": "mode=ro&immutable=1"}


def _reading_mode(path: Path) -> str:
    """Beside a write-ahead database SQLite wants to make files; where it may not, and nobody has
    left any there, nobody is writing either."""
    wal = Path(f"{path}-wal")
    if os.access(path.parent, os.W_OK) or wal.exists():
        return "ro"
    return "still"


@contextmanager
def _sole_run(path: Path) -> Iterator[None]:
    """Keeps a second run out."""
    try:
        with sole_holder(f"{path}-lock"):
            yield
    except LockTaken:
        raise LibraryError(
            f"Another run of `looksay index` is filling {path}; wait until it has ended. "
            "Searching goes on meanwhile."
        ) from None


def _check_is_sqlite(path: Path) -> None:
    try:
        with open(path, "rb") as file:
            start = file.read(len(_SQLITE_MAGIC))
    except FileNotFoundError:
        return
    except OSError as error:
        raise LibraryError(f"{path} cannot be read: {error.strerror}.") from error
    if start not in (b"", _SQLITE_MAGIC):
        raise LibraryError(f"{path} is no database; name another file with --database.")


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether nothing is in it yet; LibraryError where another program's tables are."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == 0 and version == 0 and tables == 0:
        return True
    if application != APPLICATION_ID:
        raise LibraryError(
            f"{path} is a database of another program; name another file with --database."
        )
    if version > VERSION:
        raise LibraryError(
            f"{path} was made by a newer looksay (its format is {version}, this one knows "
            f"{VERSION}); upgrade looksay, or name another file with --database."
        )
    return False


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    statements = iter(TABLES.splitlines(keepends=True))
    with transaction(connection):
        statement = ""
        for line in statements:
            statement += line
            if sqlite3.complete_statement(statement):
                connection.execute(statement)
                statement = ""
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where the error is Python's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _explain(error: sqlite3.Error, path: Path) -> str:
    sentences = {
        sqlite3.SQLITE_FULL: f"The disk is full: what is in {path} so far is kept. Make room and "
        "run the same command again.",
        sqlite3.SQLITE_READONLY: f"{path} may not be written; change its permissions or its "
        "folder's, or name another file with --database.",
        sqlite3.SQLITE_PERM: f"{path} may not be used; change its permissions.",
        sqlite3.SQLITE_CANTOPEN: f"{path} cannot be opened, or the files that SQLite needs beside "
        "it cannot be made; see that its folder may be written, or name another file with "
        "--database.",
        sqlite3.SQLITE_BUSY: f"{path} is in use by another program; close that and run the same "
        "command again.",
        sqlite3.SQLITE_CORRUPT: f"{path} is damaged; put a copy of it back, or delete it and "
        "index the photographs anew.",
        sqlite3.SQLITE_NOTADB: f"{path} is no database; name another file with --database.",
        sqlite3.SQLITE_IOERR: f"{path} cannot be read or written: the disk reports an error.",
    }
    if "fts5" in str(error):
        return (
            "This Python's SQLite has no full-text search (FTS5); use another build of Python. "
            "TensorFlow brings such an SQLite: where it is imported too, import sqlite3 before it."
        )
    code = _code(error)
    if code == sqlite3.SQLITE_IOERR and _is_full(path.parent):  # no room for its files beside it
        code = sqlite3.SQLITE_FULL
    return sentences.get(code, f"{path} cannot be used: {error}.")


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LEAST_FREE_BYTES
    except OSError:
        return False
