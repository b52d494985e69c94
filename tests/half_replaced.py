"""Kills a process at a chosen moment while it puts a new folder in the place of an old one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, pathlib, shutil, signal, sys
from looksay import files

folder, content, exchanges, moment = sys.argv[1:]
rename, exchange, steps = pathlib.Path.rename, files._exchange, 0

def die_at(step):
    if step == int(moment):
        os.kill(os.getpid(), signal.SIGKILL)

def counted(move):
    def moved(*arguments):
        global steps
        die_at(steps)
        result = move(*arguments)
        steps += 1
        return result
    return moved

pathlib.Path.rename = counted(rename)
files._exchange = counted(exchange) if exchanges == "True" else lambda *_: False
with files.replacing_folder(pathlib.Path(folder)) as filled:
    shutil.copytree(content, filled, dirs_exist_ok=True)
die_at(steps)
"""


def replace_and_die(folder: Path, content: Path, *, exchanges: bool, moment: int) -> None:
    """Replaces `folder` by a copy of `content` in a process that is killed (SIGKILL) after so many
    steps; exchanges: whether the system may exchange two folders, which makes it one step."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(content), str(exchanges), str(moment)]
    )
    assert done.returncode == -signal.SIGKILL


def leave_half_replaced(folder: Path, content: Path) -> None:
    """At the worst moment: the old folder has gone, and the new one has not come."""
    replace_and_die(folder, content, exchanges=False, moment=1)
    assert not folder.exists()
