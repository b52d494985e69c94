"""A file is replaced whole or not at all, and keeps what it has beside its content."""

from __future__ import annotations

import os
import stat

import pytest

from looksay.files import LEFT_BEHIND, replace_file, replacing


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
