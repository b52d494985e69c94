"""Finds the process in which a `looksay serve` captions (Linux)."""

from __future__ import annotations

import contextlib
from pathlib import Path

GONE = (FileNotFoundError, ProcessLookupError)


def worker_of(server: int) -> int | None:
    """The worker of the server that is this process; None while it has none."""
    for path in Path(f"/proc/{server}/task").glob("*/children"):  # of each thread
        with contextlib.suppress(*GONE):
            for child in path.read_text().split():
                if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
                    return int(child)
    return None


def has_ended(process: int) -> bool:
    """Whether it has, though perhaps nobody has asked how."""
    try:
        return "(zombie)" in Path(f"/proc/{process}/status").read_text()
    except GONE:
        return True
