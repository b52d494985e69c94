"""A bundle's card changed after the bundle was made: a section anew, and its hash with it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from looksay.consensus import CONSENSUS, Memory, write_memory
from looksay.decoding import DecodingOptions
from looksay.files import replace_file, replacing
from looksay.runtime.bundle import Bundle
from looksay.runtime.manifest import write_manifest

CARD = "card.md"
LAST_SECTION = "Bias and limits"  # new sections go before it
FIGURES = "Figures (dev split, times 100)"
MEMORY = "Consensus"
WIDTH = 99  # of the lines


def figure_lines(scores: Mapping[str, float], commands: Sequence[str], caveat: str) -> list[str]:
    """The section `FIGURES`: fractions by metric, the commands that give them, and a caveat."""
    return [
        "| metric | value |",
        "|---|---|",
        *(f"| {metric} | {100 * value:.2f} |" for metric, value in scores.items()),
        "",
        "Made by:",
        "",
        *(f"    {command}" for command in commands),
        "",
        caveat,
    ]


def memory_lines(num_pictures: int, data: str, consensus: float) -> list[str]:
    """The section `MEMORY`: what the model remembers, of what data, and what it does with it."""
    text = (
        f"The model remembers {num_pictures:,} training pictures of {data}: of each a vector of "
        "its features and the tf-idf weights of its captions' n-grams, no picture and no caption. "
        "In beam search a caption gains by agreeing with what people say of the pictures most like "
        f"its own, with the weight {consensus:g} (`--consensus 0` for none): consensus, after "
        "Devlin et al. 2015, https://arxiv.org/abs/1505.04467. It draws captions towards what is "
        "usually said of such pictures, so that rare things go unsaid, and usual ones may be said "
        "that are not there."
    )
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


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


def set_memory(folder: Path, memory: Memory, consensus: float) -> None:
    """Give a bundle a memory of training pictures, and its captions' search that much consensus.

    What it knew of its confidence goes, since its captions are others now. The bundle is whole at
    every moment; in between it is one without a memory.
    """
    whole = Bundle.open(folder, verify_all=True).config
    others = {path.name for path in folder.iterdir()} - set(whole["files"])
    decoding = {name: v for name, v in whole["decoding"].items() if name != "consensus"}
    without = {key: v for key, v in whole.items() if key not in ("confidence", "format")}
    without["decoding"] = decoding
    with replacing(folder / CONSENSUS) as temporary:
        write_memory(memory, temporary)  # first: where this fails, the bundle is as it was
        write_manifest(folder, without, leave_out={*others, CONSENSUS})
    decoding = DecodingOptions.from_dict({**decoding, "consensus": consensus}).as_dict()
    write_manifest(folder, {**without, "decoding": decoding}, leave_out=others - {CONSENSUS})


def _joined(*parts: Sequence[str]) -> str:
    texts = ["\n".join(part).strip("\n") for part in parts]
    return "\n\n".join(text for text in texts if text) + "\n"
