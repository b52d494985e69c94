"""A file or folder is replaced whole or not at all; a file keeps what it has beside its content."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from looksay import files
from looksay.files import LEFT_BEHIND, finish_replacing, replace_file, replacing, replacing_folder

sys.path.insert(0, str(Path(__file__).parent))
from half_replaced import leave_half_replaced, replace_and_die  # noqa: E402


def test_the_content_changes_and_the_rest_stays(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    os.chmod(path, 0o640)
    os.utime(path, ns=(10**18, 10**18))
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_mtime_ns > 10**18
    replace_file(path, b"newer", mtime_ns=10**18)
    assert path.stat().st_mtime_ns == 10**18
    assert os.listdir(tmp_path) == ["a.txt"]


def test_extended_attributes_stay(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.note", b"mine")
    except (AttributeError, OSError):
        pytest.skip("no extended attributes here")
    replace_file(path, b"new")
    assert os.getxattr(path, "user.note") == b"mine"


def test_a_link_goes_on_pointing_where_it_did(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    os.symlink("real", tmp_path / "link")
    replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "real").read_bytes() == b"new"
    assert os.readlink(tmp_path / "link") == "real"


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / ("ä" * 120)
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError("no")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]


def test_what_writes_files_itself_is_given_one_with_the_same_suffix(tmp_path):
    path = tmp_path / "best.weights.h5"
    with replacing(path) as temporary:
        assert temporary.parent == tmp_path and temporary.name.endswith(".best.weights.h5")
        assert temporary.name.startswith(LEFT_BEHIND) and not path.exists()
        temporary.write_bytes(b"new")
    assert path.read_bytes() == b"new" and os.listdir(tmp_path) == [path.name]
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"new" and os.listdir(tmp_path) == [path.name]


def test_a_new_file_has_the_mode_of_new_files(tmp_path):
    (tmp_path / "usual").touch()
    replace_file(tmp_path / "new", b"x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_error_names_the_file_that_was_meant(tmp_path):
    with pytest.raises(OSError) as missing:
        replace_file(tmp_path / "nothing" / "a.txt", b"new")
    assert missing.value.filename == str(tmp_path / "nothing" / "a.txt")
    with pytest.raises(OSError) as full, replacing(tmp_path / "a.txt"):
        raise OSError(28, "No space left on device")
    assert full.value.filename == str(tmp_path / "a.txt")


@pytest.fixture(params=["exchanged", "in two steps"])
def exchanges(request, tmp_path, monkeypatch):
    """Whether two folders can be exchanged in one step."""
    if request.param == "in two steps":
        monkeypatch.setattr(files, "_exchange", lambda *_: False)
        return False
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir(), other.mkdir()
    if not files._exchange(one, other):
        pytest.skip("this system or file system does not exchange folders")
    one.rmdir(), other.rmdir()
    return True


@pytest.fixture
def folder(tmp_path):
    """Where the old folder is."""
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "old").touch()
    return tmp_path / "place"


@pytest.fixture
def content(tmp_path_factory):
    """What is to take its place."""
    content = tmp_path_factory.mktemp("content")
    (content / "new").touch()
    return content


def test_a_folder_takes_an_empty_place_and_anothers(folder, exchanges):
    for place in (folder, folder.with_name("empty")):
        with replacing_folder(place) as filled:
            (filled / "new").touch()
        assert os.listdir(place) == ["new"]
    assert sorted(os.listdir(folder.parent)) == ["empty", "place"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_the_old_folder_stays_where_the_new_one_cannot_be_filled(folder, exchanges, error):
    with pytest.raises(error), replacing_folder(folder) as filled:
        (filled / "new").touch()
        raise error
    assert os.listdir(folder.parent) == ["place"] and os.listdir(folder) == ["old"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_the_old_folder_comes_back_where_the_new_one_cannot_take_its_place(
    folder, monkeypatch, error
):
    rename = Path.rename

    def fail_at_the_new(path, target):
        if path.name == files._FILLED:
            raise error
        return rename(path, target)

    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", fail_at_the_new)
    with pytest.raises(error), replacing_folder(folder) as filled:
        (filled / "new").touch()
    assert os.listdir(folder.parent) == ["place"] and os.listdir(folder) == ["old"]


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("moment", [0, 1, 2])
def test_killed_at_any_moment_the_old_folder_or_the_new_one_is_there(
    folder, content, exchanges, moment
):
    if exchanges and moment == 2:
        return  # it is one step
    replace_and_die(folder, content, exchanges=exchanges, moment=moment)
    assert folder.exists() == (exchanges or moment != 1)
    finish_replacing(folder)
    assert os.listdir(folder) == ["old" if moment == 0 else "new"]
    with replacing_folder(folder) as filled:
        (filled / "newer").touch()
    assert os.listdir(folder) == ["newer"]


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_what_a_killed_process_left_does_not_come_back_later(folder, content):
    leave_half_replaced(folder, content)
    finish_replacing(folder.with_name("another"))  # not its own
    with replacing_folder(folder) as filled:
        (filled / "newer").touch()
    (folder / "newer").unlink()
    folder.rmdir()
    finish_replacing(folder)
    assert not folder.exists()


def test_whoever_reads_in_between_finishes_it(folder, monkeypatch):
    rename = Path.rename

    def read_before_the_new(path, target):
        if path.name == files._FILLED and rename is not Path.rename:
            monkeypatch.setattr(Path, "rename", rename)
            finish_replacing(folder)
        return rename(path, target)

    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", read_before_the_new)
    with replacing_folder(folder) as filled:
        (filled / "new").touch()
    assert os.listdir(folder.parent) == ["place"] and os.listdir(folder) == ["new"]
