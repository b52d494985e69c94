"""A part of the README that a script makes, between two marks."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def line(cells: Sequence[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def placed(readme: str, name: str, script: str, made: str) -> str:
    """The README with what a script made between the part's marks; ValueError without them."""
    start, end = f"<!-- {name}: made by benchmarks/{script} -->", f"<!-- end of {name} -->"
    before, found, rest = readme.partition(start)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the README has no part {start} ... {end}")
    return f"{before}{start}\n{made}\n{end}{after}"


def print_or_write(description: str, name: str, script: str, make: Callable[[], str]) -> None:
    """The command line of such a script: prints the part, or puts it into the README."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--write", action="store_true", help="into the README")
    if parser.parse_args().write:
        readme = README.read_text(encoding="utf-8")
        README.write_text(placed(readme, name, script, make()), encoding="utf-8")
    else:
        print(make())
