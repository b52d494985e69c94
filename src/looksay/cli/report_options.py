"""`--report` of the verbs that score captions."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from looksay.cli.exits import Session
from looksay.cli.training_options import say_all
from looksay.data.records import count
from looksay.errors import UsageError

if TYPE_CHECKING:
    from looksay.captioner import Caption
    from looksay.data import Dataset
    from looksay.evaluation import Evaluation
    from looksay.evaluation.report import Thumbnails

REPORT = """--report writes one HTML file with the scores, charts, and every picture with its
caption, references and scores, to sort and filter. It needs no network and can be sent to
others; mind whose photographs are in it (--thumbnail-pixels 0 leaves them out)."""

_OPTIONS = (
    click.option(
        "--report",
        type=click.Path(path_type=Path),
        metavar="FILE.html",
        help="Write a web page of scores, pictures and captions there.",
    ),
    click.option(
        "--thumbnail-pixels",
        type=click.IntRange(0, 2048),
        metavar="N",
        help="Longest side of the page's photographs; 0: none.  [default: 192]",
    ),
)


class Report:
    """The page of one evaluation, gathered while its captions are made.

    notes: sentences on what could not be done. history: see `looksay.evaluation.report.About`.
    """

    def __init__(self, path: Path, thumbnails: Thumbnails):
        self.path, self.thumbnails = path, thumbnails
        self.looks: dict[str, dict[str, Any]] = {}
        self.notes: list[str] = []
        self.history: tuple[Mapping[str, float], ...] = ()

    def take(self, name: str, caption: Caption) -> None:
        """Keep where the caption's words look, in little room."""
        from looksay.evaluation.report import pack_looks
        from looksay.pictures import Regions

        found = caption.regions
        regions = None if found is None else Regions(found.corners, found.names)
        if self.thumbnails.pixels:
            self.looks[name] = pack_looks(caption.words, caption.attention, regions)

    def write(self, evaluation: Evaluation, dataset: Dataset, split: str, subject: str) -> None:
        """Write the page and say how large it is."""
        from looksay.evaluation.report import About, write_report

        session = click.get_current_context().find_object(Session)
        about = About(
            subject=subject,
            data=_short(dataset.name),
            split=split,
            made=datetime.datetime.now(datetime.UTC),
            command=shlex.join(["looksay", *(session.words if session else ())]),
            notes=(*self.notes, *evaluation.problems),
            history=self.history,
        )
        num_bytes = write_report(
            self.path,
            evaluation,
            dataset.split(split),
            about,
            thumbnails=self.thumbnails,
            looks=self.looks,
        )
        pictures = count(len(evaluation.captions), "picture")
        say_all([f"{self.path} has {pictures} in {num_bytes / 1e6:.1f} MB"])


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--report` and `--thumbnail-pixels`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def plan_report(path: Path | None, pixels: int | None) -> Report | None:
    """The page that the options ask for. UsageError, before anything is scored, where it cannot be
    written so."""
    if path is None:
        if pixels is not None:
            raise UsageError("--thumbnail-pixels needs --report FILE.html.")
        return None
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--report {path} must end in .html.")
    if path.is_dir():
        raise UsageError(f"--report {path} is a folder; name a file in it.")
    from looksay.evaluation.report import DEFAULT_PIXELS, Thumbnails

    return Report(path, Thumbnails(DEFAULT_PIXELS if pixels is None else pixels))


def training_history(bundle: Path) -> tuple[Mapping[str, float], ...]:
    """An entry an epoch of the run that a bundle lies in; empty where it lies elsewhere."""
    from looksay.errors import TrainingError
    from looksay.training.state import CHECKPOINT, load_state

    try:
        state = load_state(bundle.resolve().parent / CHECKPOINT)
    except TrainingError:  # no run, or a damaged one: its curves are an extra
        return ()
    return tuple(state.get("history", ())) if isinstance(state, dict) else ()


def _short(address: str) -> str:
    """A data set's address without the folders above it, which are nobody's business."""
    kind, _, place = address.partition(":")
    return f"{kind}:{Path(place).name}" if kind in ("folder", "karpathy") else kind
