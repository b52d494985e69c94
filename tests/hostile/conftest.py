"""Malformed pictures as files, a toy model, and commands whose memory is measured."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest

_TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(_TESTS / "hostile"), str(_TESTS / "fuzz"), str(_TESTS)]

HANG_SECONDS = 5.0
"""Nothing hostile may take longer, on a quiet machine; measured as processor time, so that a busy
one does not matter."""


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    said: str
    errors: str
    seconds: float
    peak_mb: float


def measured(*words: str, folder: Path, limit_seconds: float = 300) -> Ended:
    """`python -m looksay WORDS`, its processor time and its peak memory."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "looksay", *words], stdout=out, stderr=err, cwd=folder
        )
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > began + limit_seconds:
                process.kill()
            time.sleep(0.05)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        return Ended(
            process.returncode,
            out.read().decode(),
            err.read().decode("utf-8", "replace"),
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
        )


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy bundle; copy it before changing anything."""
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path_factory.mktemp("bundles") / "toy")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The malformed pictures as files."""
    from hostile_pictures import hostile_pictures

    folder = tmp_path_factory.mktemp("corpus")
    for name, data in hostile_pictures():
        (folder / name).write_bytes(data)
    return folder
