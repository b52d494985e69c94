"""A lock keeps others out, and is gone with its process."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from looksay import locks
from looksay.locks import LockTaken, sole_holder, sole_writer

HOLD = """
import sys, time
from looksay.locks import sole_holder
with sole_holder(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def test_another_process_is_kept_out_until_the_holder_is_gone(tmp_path):
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(LockTaken), sole_holder(path):
            pass
        told = []

        def wait() -> None:
            told.append("waiting")
            holder.send_signal(signal.SIGKILL)

        with sole_holder(path, on_wait=wait):
            assert told == ["waiting"]
            with pytest.raises(LockTaken), sole_holder(path):
                pass
            # nor has that try let go of it
            tried = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=300)
            assert tried.stderr.splitlines()[-1].startswith("looksay.locks.LockTaken")
    with sole_holder(path):
        pass
    assert [(file.name, file.stat().st_size) for file in tmp_path.iterdir()] == [("lock", 0)]


def test_a_place_for_no_lock_is_sqlites_error(tmp_path):
    with pytest.raises(sqlite3.Error), sole_holder(tmp_path / "nothing" / "lock"):
        pass


def test_a_writers_lock_goes_with_it_and_harms_nobody_where_a_kill_left_it(tmp_path):
    path = tmp_path / "captions.jsonl"
    command = [sys.executable, "-c", HOLD.replace("sole_holder", "sole_writer"), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == "held\n"
            with pytest.raises(LockTaken), sole_writer(path):
                pass
            with sole_writer(tmp_path / "others.jsonl"):
                pass
            left = os.listdir(tmp_path)
        finally:
            holder.kill()
    assert os.listdir(tmp_path) == left
    assert left and all(name.startswith(".unfinished-lock-") for name in left)
    for _ in range(2):
        with sole_writer(path), pytest.raises(LockTaken), sole_writer(path):
            pass
        assert os.listdir(tmp_path) == []


def test_a_link_and_what_it_points_to_have_one_lock(tmp_path):
    (tmp_path / "link").symlink_to("real")
    with sole_writer(tmp_path / "link"), pytest.raises(LockTaken), sole_writer(tmp_path / "real"):
        pass


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed")
def test_a_lock_whose_file_has_just_been_removed_keeps_nobody_out(tmp_path, monkeypatch):
    holder = locks.sole_holder

    def opened_before(path):
        monkeypatch.setattr(locks, "sole_holder", holder)
        stack = locks.ExitStack()
        stack.enter_context(holder(path))
        path.unlink()
        return stack

    monkeypatch.setattr(locks, "sole_holder", opened_before)
    with sole_writer(tmp_path / "captions"):
        with pytest.raises(LockTaken), sole_writer(tmp_path / "captions"):
            pass


def test_where_no_lock_can_be_made_the_writing_tells(tmp_path):
    with sole_writer(tmp_path / "nothing" / "captions"):
        pass


def test_a_file_system_without_locks_is_not_taken_for_another_process(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def lockf(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", lockf)
    monkeypatch.setattr(locks, "_take", lambda lock: False)  # as SQLite says there
    with pytest.raises(sqlite3.Error, match="the file system has no locks"):
        with sole_holder(tmp_path / "lock", on_wait=pytest.fail):
            pass
    assert os.listdir(tmp_path) == ["lock"]
    with sole_writer(tmp_path / "captions"), sole_writer(tmp_path / "captions"):
        assert os.listdir(tmp_path) == ["lock"]
