"""Databases that cannot be used are refused in a sentence; what is in them is never lost."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from by_hand import check, model_of

from looksay.errors import LibraryError
from looksay.library import Library, open_index
from looksay.library.database import open_to_write
from looksay.library.schema import VERSION

SLOW_INDEX = Path(__file__).with_name("slow_index.py")


def number(database: Path, what: str) -> int:
    if not database.exists():
        return 0
    connection = sqlite3.connect(database, timeout=10)
    try:
        return connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
    except sqlite3.OperationalError:  # the tables are not there yet
        return 0
    finally:
        connection.close()


def refused(path: Path, words: str) -> None:
    before = path.read_bytes()
    for use in (open_index, lambda path: Library(path) and None):
        with pytest.raises(LibraryError, match=words):
            with use(path):
                pass
    assert path.read_bytes() == before


def test_files_that_are_no_library(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes, and they are long enough.")
    refused(path, "is no database")
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE photos (id)")
    connection.close()
    refused(other, "another program")


def test_a_library_of_a_newer_looksay(update, database):
    update()
    connection = sqlite3.connect(database)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    refused(database, "newer looksay")


def test_a_damaged_library(update, database):
    update()
    data = bytearray(database.read_bytes())
    data[4096 : 3 * 4096] = b"\xff" * (2 * 4096)
    database.write_bytes(data)
    with pytest.raises(LibraryError, match="is damaged"):
        update()
    with pytest.raises(LibraryError, match="is damaged"):
        Library(database).search("picture")


def test_places_where_no_database_can_be(tmp_path, photos):
    for path, words in [
        (photos, "is a folder"),
        (tmp_path / "nothing" / "photos.db", "does not exist"),
    ]:
        with pytest.raises(LibraryError, match=words):
            with open_index(path):
                pass


def test_an_empty_file_becomes_a_library(update, database):
    database.touch()
    with pytest.raises(LibraryError, match="is empty"):
        Library(database)
    assert update().captioned == 12


def test_a_full_disk_keeps_what_is_there(update, database, photos, photo):
    update()
    for seed in range(1000, 1300):
        photo(photos / f"{seed}.jpg", seed)
    with open_index(database) as index:
        (pages,) = index._connection.execute("PRAGMA page_count").fetchone()
    with pytest.raises(LibraryError, match="disk is full"):
        with open_index(database) as index:
            index._connection.execute(f"PRAGMA max_page_count = {pages + 4}")
            index.update(index.parts([]), model_of(update.captions))
    check(database)
    assert len(Library(database)) >= 12
    update()
    assert len(Library(database)) == 312
    check(database)


def test_folders_that_may_not_be_written(update, database, photos, permissions):
    update()
    database.parent.chmod(0o555)
    try:
        assert len(Library(database).search("picture").photographs) == 12
        with pytest.raises(LibraryError, match="may not be written"):
            update()
    finally:
        database.parent.chmod(0o755)
    database.chmod(0o444)
    photos.joinpath("00.jpg").unlink()
    with pytest.raises(LibraryError, match="may not be written"):
        update()
    assert len(Library(database)) == 12


def test_one_run_at_a_time_and_searches_meanwhile(update, database):
    update()
    with open_to_write(database) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryError, match="Another run"):
            update()
        assert Library(database).search("picture").total == 12
        connection.execute("ROLLBACK")
    assert update().captioned == 0


@pytest.fixture
def many(tmp_path, photo):
    folder = tmp_path / "many"
    for seed in range(60):
        photo(folder / f"{seed % 3}/{seed}.jpg", 2000 + seed)
    return folder


@pytest.mark.parametrize("moment", ["files", "captions", "half"])
def test_a_killed_run_goes_on(moment, many, database, update):
    process = subprocess.Popen([sys.executable, SLOW_INDEX, many, database])
    wanted = {"files": ("files", 1), "captions": ("captions", 1), "half": ("captions", 30)}[moment]
    deadline = time.monotonic() + 120
    while number(database, wanted[0]) < wanted[1]:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()

    check(database)
    had = number(database, "captions")
    assert had < 60 and (moment == "files" or had > 0)
    report = update(many)
    assert report.captioned == 60 - had and report.changed == report.gone == 0
    assert len(Library(database)) == number(database, "contents") == number(database, "files") == 60
    assert number(database, "captions") == 60
    check(database)


def test_an_interrupted_run_keeps_what_it_had(update, database):
    class Interrupted(type(update.captions)):
        def caption_many(self, sources, **options):
            for done, result in enumerate(super().caption_many(sources, **options)):
                if done == 7:
                    raise KeyboardInterrupt
                yield result

    plain, update.captions = update.captions, Interrupted({})
    with pytest.raises(KeyboardInterrupt):
        update()
    assert len(Library(database)) == 7
    update.captions = plain
    assert update().captioned == 5
