"""The command line run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from looksay.cli.main import run


@dataclass
class Result:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


Looksay = Callable[..., Result]


def command_line(capsys: pytest.CaptureFixture[str]) -> Looksay:
    """`looksay`, as a function of its words."""

    def call(*args: Any) -> Result:
        status = run([str(arg) for arg in args])
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return call
