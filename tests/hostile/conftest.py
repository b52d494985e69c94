"""Malformed pictures as files, a toy model, and commands whose memory is measured."""

from __future__ import annotations

import json
import subprocess
import sys
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


# A small process between the tests and the command: what a process has used at most counts, on
# Linux, from before it became the command, and that of a test process may be gigabytes.
_MEASURE = """
import json, resource, subprocess, sys
ended = subprocess.run(sys.argv[2:], timeout=float(sys.argv[1]), capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
said = [part.decode("utf-8", "replace") for part in (ended.stdout, ended.stderr)]
print(json.dumps([ended.returncode, *said, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def measured(*words: str, folder: Path, limit_seconds: float = 300) -> Ended:
    """`python -m looksay WORDS`, its processor time and its peak memory."""
    command = [sys.executable, "-m", "looksay", *words]
    answer = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(limit_seconds), *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        check=True,
    )
    status, said, errors, seconds, peak = json.loads(answer.stdout)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Ended(status, said, errors, seconds, peak / unit)


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
