"""A lock keeps others out, and is gone with its process."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys

import pytest

from looksay.locks import LockTaken, sole_holder

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
    with sole_holder(path):
        pass
    assert [(file.name, file.stat().st_size) for file in tmp_path.iterdir()] == [("lock", 0)]


def test_a_place_for_no_lock_is_sqlites_error(tmp_path):
    with pytest.raises(sqlite3.Error), sole_holder(tmp_path / "nothing" / "lock"):
        pass
