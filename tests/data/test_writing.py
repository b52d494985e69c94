"""Text files written whole or not at all."""

from __future__ import annotations

import os
import threading

import pytest

from looksay.data.writing import write_text
from looksay.errors import DataError


def test_a_file_and_its_folder_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    write_text(path, "Ein Kätzchen\n")
    assert path.read_bytes() == "Ein Kätzchen\n".encode()
    assert os.listdir(path.parent) == ["a.txt"]


def test_what_was_there_is_replaced_behind_a_link_too(tmp_path):
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    path.write_text("old")
    link.symlink_to(path)
    write_text(link, "new")
    assert link.is_symlink() and path.read_text() == "new"


def test_what_fails_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(DataError, match=r"a\.txt cannot be written: '\\ud800' is no character"):
        write_text(path, "half \ud800")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DataError, match=r"a\.txt cannot be written: No space left"):
        write_text(path, "new")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_no_folder_is_made_of_a_file(tmp_path):
    (tmp_path / "a.txt").touch()
    with pytest.raises(DataError, match="cannot be written"):
        write_text(tmp_path / "a.txt" / "b.txt", "new")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_written_to_and_stays(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_text(pipe, "through")
    reader.join(timeout=10)
    assert read == ["through"] and pipe.is_fifo()
