"""The report's one file, put together."""

from __future__ import annotations

import base64
import datetime
import hashlib
import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import looksay
from looksay.data import Record
from looksay.data.writing import write_text
from looksay.evaluation.report.figures import figures_html
from looksay.evaluation.report.pictures import PAGE, Looks, best_first, blocks, index_json
from looksay.evaluation.report.thumbnails import Thumbnails
from looksay.evaluation.results import Evaluation
from looksay.pictures.page_template import COLOURS, LIGHT_SCRIPT, PageTemplate

_SCRIPTS = ("choose.js", "card.js", "gallery.js")
_PAGES = (
    '<nav class="pages" aria-label="{label}" hidden>'
    '<button type="button" class="previous">Previous</button><span class="page"></span>'
    '<button type="button" class="next">Next</button></nav>'
)


@dataclass(frozen=True, kw_only=True)
class About:
    """What was scored. subject: the model's name or the result file's. notes: sentences on what
    could not be done. history: an entry an epoch of the model's training, where it is known."""

    subject: str
    data: str
    split: str
    made: datetime.datetime
    command: str = ""
    notes: tuple[str, ...] = ()
    history: tuple[Mapping[str, float], ...] = ()


def write_report(
    path: str | os.PathLike[str],
    evaluation: Evaluation,
    records: Sequence[Record],
    about: About,
    *,
    thumbnails: Thumbnails | None = None,
    looks: Mapping[str, Looks] | None = None,
) -> int:
    """Write `report_html`, whole or not at all; returns the file's size in bytes.

    DataError where it cannot be written.
    """
    page = report_html(evaluation, records, about, thumbnails=thumbnails, looks=looks)
    write_text(path, page)
    return len(page.encode())


def report_html(
    evaluation: Evaluation,
    records: Sequence[Record],
    about: About,
    *,
    thumbnails: Thumbnails | None = None,
    looks: Mapping[str, Looks] | None = None,
) -> str:
    """An evaluation as one HTML file that requests nothing and runs no script but its own.

    Scores with their intervals, charts, and every picture with its caption, references and scores,
    to sort and filter; a word shows where the model looked for it.

    Args:
        evaluation: the scores; what `with_statistics` adds is shown where it is there.
        records: the pictures that were scored; others of them are left out.
        about: what stands at the head.
        thumbnails: small photographs, those made already or others; None: of the usual size.
        looks: by picture's name what `pack_looks` made; shown where there is a thumbnail.
    """
    records = best_first(evaluation, records)
    small = (thumbnails or Thumbnails()).of(record.image for record in records)
    stored = blocks(records, small, looks or {})
    style = COLOURS + _read("style.css")
    script = "\n".join(['"use strict";', LIGHT_SCRIPT, *map(_read, _SCRIPTS)])
    page = PageTemplate(_read("page.html")).substitute(
        version=looksay.__version__,
        title=html.escape(f"{about.subject} on {about.data}, {about.split}"),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        about=_about(about, len(records)),
        figures=figures_html(evaluation, records, about.history),
        pages=_PAGES.format(label="Pages"),
        pages_below=_PAGES.format(label="Pages, below"),
        index=index_json(evaluation, records),
        first_blocks="\n".join(stored[:PAGE]),
        other_blocks="\n".join(stored[PAGE:]),
    )
    # names of files need not be Unicode
    return page.encode("utf-8", "replace").decode()


def _about(about: About, num_pictures: int) -> str:
    rows = {
        "Scored": about.subject,
        "Data": f"{about.data}, split {about.split}",
        "Pictures": f"{num_pictures:,}",
        "Made": f"{about.made:%Y-%m-%d %H:%M} UTC, looksay {looksay.__version__}",
    }
    shown = {name: html.escape(text) for name, text in rows.items()}
    if about.command:
        shown["Command"] = f"<code>{html.escape(about.command)}</code>"
    entries = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in shown.items())
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in about.notes)
    return f'<dl class="about">{entries}</dl>' + (
        f'<ul class="notes">{notes}</ul>' if notes else ""
    )


def _read(name: str) -> str:
    return files("looksay.evaluation.report").joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    """How the page's own policy knows a script or style of ours from one that crept in."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
