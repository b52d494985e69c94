"""Every photograph is captioned once, whatever is moved, copied, edited or deleted."""

from __future__ import annotations

import os
import shutil
import sqlite3
import unicodedata
from pathlib import Path

import pytest

from looksay.errors import LibraryError
from looksay.library import Library, open_index


def counts(report, *names):
    return tuple(getattr(report, name) for name in names)


def happened(report):
    return {name: number for name, number in vars(report).items() if number and name != "files"}


def query(database: Path, sql: str):
    connection = sqlite3.connect(database)
    rows = connection.execute(sql).fetchall()
    connection.close()
    return rows


def names(library: Library, text: str = "picture", **options):
    found = library.search(text, 100, **options).photographs
    return sorted(photograph.paths[0].name for photograph in found)


def test_every_photograph_is_captioned_once(update, database):
    assert happened(update()) == {"new": 12, "captioned": 12}
    assert len(Library(database)) == 12
    assert happened(update()) == {} and update.captions.asked == []


def test_moved_copied_edited_and_deleted_files_are_told_apart(update, photos, photo, database):
    update()
    (photos / "moved").mkdir()
    for name in ("00.jpg", "04.jpg", "08.jpg"):
        shutil.move(photos / name, photos / "moved" / name)
    shutil.copy(photos / "a/01.jpg", photos / "copy of 01.jpg")
    for seed, name in ((102, "a/b/02.jpg"), (106, "a/b/06.jpg")):
        photo(photos / name, seed)
    (photos / "c/03.jpg").unlink()
    photo(photos / "new.jpg", 200)

    report = update()
    assert happened(report) == {
        "new": 1,
        "changed": 2,
        "moved": 3,
        "copied": 1,
        "gone": 1,
        "captioned": 3,
    }
    assert sorted(update.captions.asked) == ["02.jpg", "06.jpg", "new.jpg"]
    library = Library(database)
    assert len(library) == 12  # twelve, one deleted, one new; the copy is no other photograph
    assert "03.jpg" not in names(library) and "03.jpg" in names(library, missing=True)
    (copied,) = library.search("01").photographs
    assert [path.name for path in copied.paths] == ["01.jpg", "copy of 01.jpg"]
    assert copied.caption == "a picture named 01"
    assert happened(update()) == {}


def test_moving_a_whole_tree_computes_nothing(update, photos):
    update()
    photos.rename(photos.parent / "elsewhere")
    (photos.parent / "elsewhere").rename(photos)  # the root itself is the same again
    (photos / "a").rename(photos / "z")
    report = update()
    assert counts(report, "moved", "captioned", "gone", "new") == (6, 0, 0, 0)


def test_an_edited_photograph_is_found_by_its_new_caption_only(update, photos, photo, database):
    update.captions.captions["00.jpg"] = "a zebra"
    update()
    update.captions.captions["00.jpg"] = "a yak"
    photo(photos / "00.jpg", 500)
    assert counts(update(), "changed", "captioned") == (1, 1)
    library = Library(database)
    assert names(library, "yak") == ["00.jpg"] and names(library, "zebra", missing=True) == []
    assert query(database, "SELECT count(*) FROM contents") == [(12,)]


def test_what_comes_back_keeps_its_caption(update, photos):
    kept = photos.parent / "kept.jpg"
    update()
    shutil.move(photos / "00.jpg", kept)
    assert counts(update(), "gone", "captioned") == (1, 0)
    assert happened(update()) == {}
    shutil.move(kept, photos / "00.jpg")
    assert counts(update(), "returned", "captioned") == (1, 0)


def test_a_gone_photograph_in_a_new_place_is_no_longer_missing(update, photos, database):
    kept = photos.parent / "kept.jpg"
    update()
    shutil.move(photos / "00.jpg", kept)
    update()
    shutil.move(kept, photos / "other.jpg")
    assert counts(update(), "copied", "captioned") == (1, 0)
    assert query(database, "SELECT count(*) FROM files WHERE gone_at IS NOT NULL") == [(0,)]


def test_a_touched_file_is_read_again_and_not_captioned(update, photos):
    update()
    os.utime(photos / "00.jpg", (1, 1))
    assert happened(update()) == {}


def test_rehash_finds_what_size_and_time_hide(update, photos, photo):
    update()
    path = photos / "00.jpg"
    before, data = path.stat(), bytearray(path.read_bytes())
    data[-10] ^= 1
    with open(path, "r+b") as file:  # the same inode
        file.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert happened(update()) == {}
    assert counts(update(rehash=True), "changed", "captioned") == (1, 1)


def test_files_changed_for_each_other_are_found_out(update, photos):
    update()
    a, b, c = photos / "00.jpg", photos / "04.jpg", photos / "temporary"
    for path in (a, b):
        path.write_bytes(path.read_bytes() + b"\0" * (2000 - path.stat().st_size))
        os.utime(path, (1, 1))
    update()
    a.rename(c), b.rename(a), c.rename(b)  # size and time are the same
    assert counts(update(), "changed", "captioned") == (2, 0)


def test_copies_within_the_first_run_are_captioned_once(update, photos):
    shutil.copytree(photos, photos / "backup")
    report = update()
    assert counts(report, "files", "new", "copied", "captioned") == (24, 12, 12, 12)


def test_pictures_that_fail_are_tried_again_and_leave_nothing_out(update, photos, database):
    update.captions.captions["05.jpg"] = "!05.jpg is damaged."
    assert counts(update(), "captioned", "failed") == (11, 1)
    assert update.said == ["05.jpg is damaged."]
    assert counts(update(), "captioned", "failed") == (0, 1)
    assert counts(update(retry=False), "failed") == (0,)
    update.captions.captions["05.jpg"] = "a whole picture"
    assert counts(update(), "captioned", "failed") == (1, 0)
    assert query(database, "SELECT count(*) FROM contents WHERE error IS NOT NULL") == [(0,)]


def test_another_models_captions_stay_until_they_are_asked_for(update, photos, photo, database):
    update()
    photo(photos / "new.jpg", 70)
    report = update(model="better")
    assert counts(report, "captioned", "other_model") == (1, 12)
    report = update(model="better", recaption=True)
    assert counts(report, "captioned", "other_model") == (12, 0)
    assert len(update.captions.asked) == 12 and "new.jpg" not in update.captions.asked
    assert {photo.model for photo in Library(database).search("picture").photographs} == {"better"}


def test_a_failure_to_recaption_keeps_the_caption(update, database):
    update()
    update.captions.captions["00.jpg"] = "!no memory."
    assert counts(update(model="better", recaption=True), "captioned", "failed") == (11, 1)
    assert "00.jpg" in names(Library(database))


@pytest.mark.parametrize("empty", [False, True])
def test_a_disk_that_is_not_connected_loses_nothing(update, photos, database, empty):
    update()
    away = photos.parent / "away"
    photos.rename(away)
    if empty:
        photos.mkdir()  # where it is mounted
    report = update()
    assert counts(report, "gone", "problems", "captioned", "waiting") == (0, 1, 0, 0)
    assert "12 of its files" in update.said[0] and "--allow-empty" in update.said[0]
    assert len(Library(database)) == 12
    assert counts(update(allow_empty=True), "gone") == (12,)
    assert len(Library(database)) == 0
    if empty:
        photos.rmdir()
    away.rename(photos)
    assert counts(update(), "returned", "captioned") == (12, 0)


def test_several_folders_and_those_inside_each_other(update, photos, photo, tmp_path, database):
    other = photo(tmp_path / "other/x.jpg", 99).parent
    assert counts(update(photos / "a"), "new", "captioned") == (6, 6)
    assert counts(update(other), "new", "captioned") == (1, 1)
    assert counts(update(photos), "new", "captioned", "moved", "gone") == (6, 6, 0, 0)
    assert query(database, "SELECT count(*) FROM roots") == [(2,)]
    (photos / "a/b/02.jpg").unlink()
    (photos / "c/03.jpg").unlink()
    assert counts(update(photos / "a/b"), "files", "gone") == (2, 1)
    with open_index(database) as index:
        assert [part.folder for part in index.parts([])] == [other, photos]
        assert [part.folder for part in index.parts([photos / "a", photos])] == [photos]
    assert counts(update(photos, other, photos / "a"), "files", "gone") == (11, 1)


def test_a_folder_deleted_inside_is_gone(update, photos):
    update()
    shutil.rmtree(photos / "a")
    assert counts(update(photos / "a"), "gone", "problems") == (6, 0)


def test_names_of_every_kind(tmp_path, update, photo, database):
    folder = tmp_path / "odd"
    odd = [
        unicodedata.normalize("NFC", "schön.jpg"),
        unicodedata.normalize("NFD", "schön.jpg"),
        "海滩 上的狗.jpg",
        "tab\tand\nline.jpg",
        "%41 #1?&'\".jpg",
        " .jpg",
        os.fsdecode(b"latin-\xe9.jpg"),
    ]
    try:
        for seed, name in enumerate(odd):
            photo(folder / name, 300 + seed)
    except OSError:
        pytest.skip("this file system has no such names")
    (folder / ".hidden").mkdir()
    photo(folder / ".hidden/x.jpg", 400)
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.jpg").symlink_to(folder / "nothing")
    report = update(folder)
    assert counts(report, "new", "captioned", "problems") == (len(odd), len(odd), 1)
    assert "nowhere.jpg is a link" in update.said[0]
    assert names(Library(database)) == sorted(odd)
    assert counts(update(folder), "captioned", "gone") == (0, 0)


def test_an_unreadable_folder_is_named_and_its_photographs_stay(
    update, photos, database, permissions
):
    update()
    (photos / "a").chmod(0)
    try:
        report = update()
    finally:
        (photos / "a").chmod(0o755)
    assert counts(report, "gone", "problems") == (0, 1) and str(photos / "a") in update.said[0]
    (photos / "00.jpg").chmod(0)
    os.utime(photos / "00.jpg", (1, 1))
    report = update()
    assert (
        counts(report, "gone", "problems") == (0, 1) and "00.jpg may not be read" in update.said[0]
    )
    assert len(Library(database)) == 12


def test_a_file_that_changes_between_hash_and_caption_waits(update, photos, photo, database):
    class Editing(type(update.captions)):
        def caption_many(self, sources, **options):
            for result in super().caption_many(sources, **options):
                if self.asked[-1] == "00.jpg" and len(self.asked) <= 12:
                    photo(photos / "00.jpg", 600)
                yield result

    update.captions = Editing({})
    assert counts(update(), "captioned", "waiting") == (11, 1)
    update.captions = type(update.captions).__mro__[1]({})
    assert counts(update(), "captioned", "changed") == (1, 1)
    assert query(database, "SELECT count(*) FROM contents") == [(12,)]


def test_a_file_as_a_folder_and_no_folder_at_all(update, photos, database):
    with pytest.raises(LibraryError, match="is a file; name a folder"):
        update(photos / "00.jpg")
    with pytest.raises(LibraryError, match="does not exist"):
        update(photos / "nothing")
    with open_index(database) as index, pytest.raises(LibraryError, match="no folder yet"):
        index.parts([])


def test_an_empty_folder_is_said_to_be(update, tmp_path):
    (tmp_path / "empty").mkdir()
    assert counts(update(tmp_path / "empty"), "problems") == (1,)
    assert "holds no pictures" in update.said[0]
