"""`looksay search`: photographs found by what they show."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from looksay.cli.index import database_option
from looksay.cli.records import text_name

if TYPE_CHECKING:
    from looksay.library import Photograph, Results

EXAMPLES = """\b
Examples:
  looksay search "dog on a beach"
  looksay search '"red ball" -dog'        side by side; without any dog
  looksay search "surfer OR swimmer" --limit 100
  looksay search beach --html beach.html  a contact sheet
  looksay search beach --json

\b
Photographs whose captions have all the words come first, then those with some. Word endings do not
matter (dogs finds dog), nor do capitals and accents.
A query that begins with a minus goes behind "--": looksay search -- "-dog beach"
"""


@click.command(epilog=EXAMPLES)
@click.argument("query", nargs=-1, required=True)
@database_option
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=10_000),
    default=20,
    show_default=True,
    metavar="N",
    help="Photographs to show.",
)
@click.option("--missing", is_flag=True, help="Also photographs whose files are gone.")
@click.option("--json", "as_json", is_flag=True, help="Everything known of each, for programs.")
@click.option(
    "--html",
    "sheet",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a contact sheet: a web page with thumbnails, in one file.",
)
def search(
    query: tuple[str, ...],
    database: Path,
    limit: int,
    missing: bool,
    as_json: bool,
    sheet: Path | None,
) -> int:
    """Find photographs by what their captions say.

    Each is a line: its file, a tab, and its caption.
    """
    from looksay.library import Library

    # as it was typed: a C locale says ASCII of a terminal that sends UTF-8
    words = os.fsencode(" ".join(query)).decode("utf-8", "replace")
    library = Library(database)
    results = library.search(words, limit, missing=missing)
    if sheet is not None:
        from looksay.files import replace_file
        from looksay.library.sheet import contact_sheet

        replace_file(sheet, contact_sheet(library, words, results).encode())
    if as_json:
        click.echo(_dump({"query": words, **results.to_json()}))
    elif sheet is None:
        for photograph in results.photographs:
            click.echo(_line(photograph))
    if not results.photographs and not len(library):
        click.echo(f"looksay: {database} has no captioned photographs yet.", err=True)
    else:
        _say_the_rest(results, sheet)
    return 0


def _line(photograph: Photograph) -> str:
    """The file and the caption; the words found are bold where somebody sees them."""
    bold = sys.stdout.isatty()
    caption = photograph.snippet.mark(*(("\x1b[1m", "\x1b[0m") if bold else ("", "")))
    gone = "" if photograph.is_there else "\t(gone)"
    return f"{text_name(_short(photograph.paths[0]))}\t{caption}{gone}"


def _short(path: Path) -> str:
    """The name from here on for a file below the current folder."""
    here = Path(os.path.realpath(os.curdir))
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)


def _dump(record: dict) -> str:
    text = json.dumps(record, ensure_ascii=False, indent=2)
    try:
        text.encode()
    except UnicodeEncodeError:  # a file name that is no Unicode
        return json.dumps(record, indent=2)
    return text


def _say_the_rest(results: Results, sheet: Path | None) -> None:
    shown = len(results.photographs)
    if not shown:
        click.echo("looksay: no photograph's caption fits.", err=True)
    elif sheet is not None:
        click.echo(f"looksay: {sheet} shows {shown:,} of {results.total:,} photographs.", err=True)
    elif shown < results.total:
        click.echo(
            f"looksay: the first {shown:,} of {results.total:,} photographs; --limit shows more.",
            err=True,
        )
