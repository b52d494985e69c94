"""A bundle's card changed after the bundle was made: a section anew, and its hash with it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from looksay.files import replace_file
from looksay.runtime.bundle import Bundle
from looksay.runtime.manifest import write_manifest

CARD = "card.md"
LAST_SECTION = "Bias and limits"  # new sections go before it


def set_section(card: str, heading: str, lines: Sequence[str]) -> str:
    """The card with `lines` as its section of that heading, in the place of the old one."""
    section = [f"## {heading}", "", *lines, ""]
    old = card.rstrip("\n").split("\n")
    starts = [i for i, line in enumerate(old) if line.startswith("## ")]
    for start, end in pairwise([*starts, len(old)]):
        if old[start] == f"## {heading}":
            return _joined(old[:start], section, old[end:])
    before = next((i for i in starts if old[i] == f"## {LAST_SECTION}"), len(old))
    return _joined(old[:before], section, old[before:])


def update_bundle(folder: Path, heading: str, lines: Sequence[str], **config: Any) -> None:
    """Set a section of a bundle's card and keys of its description.

    The bundle is whole at every moment, whenever this is interrupted: its description first lets
    go of the card, then the card changes, then the description takes it in again.
    """
    whole = Bundle.open(folder, verify_all=True).config  # damage must not get a hash of its own
    others = {path.name for path in folder.iterdir()} - set(whole["files"]) - {CARD}
    path = folder / CARD
    old = path.read_text(encoding="utf-8") if path.exists() else f"# {whole['name']}\n"
    card = set_section(old, heading, lines)
    write_manifest(folder, whole, leave_out={*others, CARD})
    replace_file(path, card.encode())
    write_manifest(folder, {**whole, **config}, leave_out=others)


def _joined(*parts: Sequence[str]) -> str:
    texts = ["\n".join(part).strip("\n") for part in parts]
    return "\n\n".join(text for text in texts if text) + "\n"
