"""`looksay alt-text`: the images of a site that have no text, and a text for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from looksay.cli.engine_options import engine_options
from looksay.cli.records import text_name
from looksay.errors import PageError, UsageError

if TYPE_CHECKING:
    from looksay.library.alt_text import Finding, Visit

EPILOG = """\b
Examples:
  looksay alt-text site/                       what is missing, and a text for each
  looksay alt-text site/ --report alt.html     the same with pictures, for people
  looksay alt-text site/ --write               put the sure ones in
  looksay alt-text site/ --check               for CI: status 1 where a text is missing

\b
Pages: HTML, Markdown, and templates of them. Images without alt, with a file's name or a word like
"image" for it, and Markdown's ![](...) need a text. alt="", role="presentation" and
aria-hidden="true" say that an image is decorative: those are left alone, and so are icons.
States: ready, written, review (the model is not sure), by hand (looksay cannot see the picture: a
template makes its address, it is on another server, it is missing, it is a drawing).
Exit status: 0 all went well, 1 with --check where a text is missing, else an error; 2 wrong usage.
"""


@click.command("alt-text", epilog=EPILOG)
@click.argument("site", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Say what is missing, without proposing texts.")
@click.option("--write", is_flag=True, help="Put the texts that are ready into the pages.")
@click.option("--write-all", is_flag=True, help="Put those to review into the pages too.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Write a page with the pictures and their texts.",
)
@click.option("--json", "as_json", is_flag=True, help="A JSON array, an image an element.")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    metavar="P",
    help="Texts that the model is less sure of wait for review.  [default: 0.5 of its calibrated "
    "confidence; 0.7 of its words' mean probability where it has none]",
)
@click.option(
    "--max-length",
    type=click.IntRange(min=10, max=1000),
    metavar="N",
    help="Characters a text may have; it is cut behind a word.  [default: 125]",
)
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help='Where addresses that begin with "/" start.  [default: SITE]',
)
@click.option(
    "--small",
    "small_pixels",
    type=click.IntRange(min=0),
    metavar="PIXELS",
    help="Pictures with both sides shorter are left alone.  [default: 48]",
)
@click.option(
    "--empty-is-decorative",
    "empty_markdown_is_decorative",
    is_flag=True,
    help="Leave Markdown's ![](...) alone too.",
)
@engine_options
def alt_text(
    site: Path,
    check: bool,
    write: bool,
    write_all: bool,
    report: Path | None,
    as_json: bool,
    models: tuple[str, ...],
    batch_size: int | None,
    engine: str,
    precision: str,
    **rules: Any,
) -> int:
    """Find the images of a SITE (a folder, or one page) that have no text, and propose it."""
    from looksay.library.alt_text import Rules, visit

    write = write or write_all
    if check and write:
        raise UsageError("--check changes nothing and --write does; choose one of them.")
    if check and report:
        raise UsageError("--check proposes no texts to report; leave it out, or --report.")
    chosen = Rules(**{name: value for name, value in rules.items() if value is not None})
    found = visit(site, chosen)
    if not check and found.needs_captioner:
        captioner = load_captioner(model=models or None, engine=engine, precision=precision)
        found.propose(captioner, {} if batch_size is None else {"batch_size": batch_size})
    if write:
        found.write(unsure_too=write_all)
    _show(found, as_json=as_json)
    if report is not None:
        _save_report(report, found, site)
    return _status(found, check=check)


def load_captioner(**how: Any) -> Any:
    """The captioner; imported late, since most runs of --check need none."""
    from looksay.captioner import load

    return load(**how)


def _show(found: Visit, *, as_json: bool) -> None:
    for problem in found.problems:
        click.echo(f"looksay: {problem}", err=True)
    if as_json:
        records = [finding.to_json() for finding in found.findings]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
    else:
        _show_table(found.shown)
    click.echo(found.summary, err=True)


def _show_table(findings: Sequence[Finding]) -> None:
    """`page:line  state  confidence  picture  text`, in columns."""
    rows = [_row(finding) for finding in findings]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        click.echo("  ".join(cells).rstrip())


def _row(finding: Finding) -> list[str]:
    said = finding.text or finding.reason
    if finding.place.alone_in_link:
        said += "  (all that its link has)" if said else "(all that its link has)"
    confidence = "" if finding.sure is None else f"{finding.sure.value:.2f}"
    return [
        text_name(finding.where),
        finding.state.value,
        confidence,
        text_name(finding.source[:60]),
        said,
    ]


def _save_report(path: Path, found: Visit, site: Path) -> None:
    from looksay.files import replace_file
    from looksay.library.alt_text.report import report_page

    try:
        replace_file(path, report_page(found.findings, str(site)).encode("utf-8", "replace"))
    except OSError as error:
        raise PageError(f"--report {path} cannot be written: {error.strerror or error}.") from error


def _status(found: Visit, *, check: bool) -> int:
    if found.problems:
        return 1
    return 1 if check and any(finding.state.needs_text for finding in found.findings) else 0
