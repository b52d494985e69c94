"""`looksay index`: a folder tree of photographs captioned once and kept current for searching."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from looksay.cli.decoding_options import decoding_options, resolve_decoding
from looksay.cli.engine_options import engine_options
from looksay.cli.exits import FAILED
from looksay.cli.progress import Progress
from looksay.errors import UsageError

if TYPE_CHECKING:
    from looksay.library import Report

DATABASE = "photos.db"

EXAMPLES = """\b
Examples:
  looksay index ~/Pictures --database photos.db
  looksay index --database photos.db             look again at every folder it knows
  looksay index ~/Pictures --watch               keep it current until Ctrl-C
  looksay index ~/Pictures --recaption --beam 5  caption anew what was captioned otherwise
  looksay search "dog on a beach" --database photos.db

\b
Moved and copied photographs are known again by their content; edited ones are captioned anew. It
may be interrupted at any time: the next run goes on. Photographs that are gone are left out of
searches but keep their captions, should they come back.
Exit status: 0 all went well, 1 some pictures failed, 2 wrong usage.
"""


def database_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--database` to a click command."""
    return click.option(
        "--database",
        type=click.Path(path_type=Path),
        metavar="FILE",
        default=DATABASE,
        show_default=True,
        envvar="LOOKSAY_DATABASE",
        help="The library's file (also: the variable LOOKSAY_DATABASE).",
    )(function)


@click.command(epilog=EXAMPLES)
@click.argument("photos", nargs=-1, metavar="[FOLDER]...", type=click.Path(path_type=Path))
@database_option
@click.option("--watch", is_flag=True, help="Stay and keep it current; needs looksay[library].")
@click.option("--poll", is_flag=True, help="With --watch: for drives that tell of no changes.")
@click.option("--rehash", is_flag=True, help="Read every file, also where size and time are known.")
@click.option(
    "--recaption",
    is_flag=True,
    help="Caption anew what another model, or other options, captioned.",
)
@click.option(
    "--allow-empty", is_flag=True, help="A folder that is gone or empty now is meant to be."
)
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON, for programs.")
@decoding_options
@engine_options
def index(
    photos: tuple[Path, ...],
    database: Path,
    watch: bool,
    poll: bool,
    rehash: bool,
    recaption: bool,
    allow_empty: bool,
    as_json: bool,
    models: tuple[str, ...],
    batch_size: int | None,
    engine: str,
    precision: str,
    **search: Any,
) -> int:
    """Caption every photograph in folders once, into a database to search in.

    Without a FOLDER it looks again at those that the database knows.
    """
    options = resolve_decoding(**search)
    if poll and not watch:
        raise UsageError("--poll says how to watch; add --watch.")
    if watch and (rehash or recaption or allow_empty):
        raise UsageError(
            "--watch goes with none of --rehash, --recaption, --allow-empty; do those first."
        )
    from looksay.library import Choices, Model, open_index

    if batch_size is not None:
        options["batch_size"] = batch_size
    told = Told()
    with open_index(database) as library:
        parts = library.parts(photos)
        captioner = load_captioner(model=models or None, engine=engine, precision=precision)
        model = Model.of(captioner, **options)
        if watch:
            from looksay.library.watch import watch_index

            reports = watch_index(library, parts, model, told, polling=poll)
            return _tell_until_interrupted(reports, told, as_json)
        choices = Choices(rehash=rehash, recaption=recaption, allow_empty=allow_empty)
        try:
            report, _ = library.update(parts, model, choices, told)
        except KeyboardInterrupt:
            told.say("what is done is kept; the same command goes on.")
            raise
        finally:
            told.close()
    _tell(report, as_json)
    return FAILED if report.failed or report.problems else 0


def load_captioner(**how: Any) -> Any:
    """The captioner; imported late, since `looksay index --help` needs none."""
    from looksay.captioner import load

    return load(**how)


def _tell_until_interrupted(reports: Iterator[Report], told: Told, as_json: bool) -> int:
    told.say("watching; Ctrl-C ends it.")
    try:
        for report in reports:
            told.close()
            _tell(report, as_json)
    except KeyboardInterrupt:  # the ordinary end
        told.say("watching has ended; the library is whole.")
    finally:
        told.close()
    return 0


def _tell(report: Report, as_json: bool) -> None:
    click.echo(json.dumps(dataclasses.asdict(report)) if as_json else report.sentence())
    sys.stdout.flush()
    if report.other_model:
        click.echo(
            f"looksay: {report.other_model:,} photographs keep captions of another model or of "
            "other options; --recaption captions them anew.",
            err=True,
        )


class Told:
    """Shows how an update goes on, in bars on standard error."""

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def say(self, sentence: str) -> None:
        line = "looksay: " + " ".join(sentence.split())
        if self._progress is None:
            click.echo(line, err=True)
        else:
            self._progress.say(line)

    def looking(self) -> Callable[[], None]:
        return self._bar(None)

    def captioning(self, number: int) -> Callable[[], None]:
        return self._bar(number)

    def close(self) -> None:
        """Takes the bar away."""
        if self._progress is not None:
            self._progress.close()
        self._progress = None

    def _bar(self, total: int | None) -> Callable[[], None]:
        self.close()
        self._progress = Progress(wanted=total != 0, streamed=total is None)
        if self._progress.wants_total:
            self._progress.expect(total or 0)
        return self._progress.advance
