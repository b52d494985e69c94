"""`looksay download`: COCO, Flickr8k or Flickr30k, in the layout that `--data` reads."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from looksay.cli.exits import FAILED
from looksay.data.download import (
    NAMES,
    YEARS,
    Patience,
    carry_out,
    find_source,
    make_plan,
    what_is_kept,
)
from looksay.errors import UsageError

PATIENCE = Patience()
EPILOG = """\b
Examples:
  looksay download flickr8k ~/Flickr8k
  looksay download coco ~/coco --year 2017 --split val
  looksay download coco ~/coco --year 2014 --karpathy --yes
  looksay train default --data flickr8k:~/Flickr8k

\b
What it will fetch, how large that is and how much room there is comes first. A download that is
stopped, or breaks, goes on where it was when the same command is run again. Archives lie in
DIR/downloads until they are unpacked; one put there by hand is used. The photographs of Flickr30k
are given away on request only: the command says where, and checks what came.
"""


@click.command(epilog=EPILOG)
@click.argument("name", type=click.Choice(NAMES))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--year", type=click.Choice(YEARS), help="COCO's edition.  [default: 2017]")
@click.option(
    "--split",
    "splits",
    type=click.Choice(("train", "val")),
    multiple=True,
    help="Only these photographs of COCO. May be given again.  [default: both]",
)
@click.option("--karpathy", is_flag=True, help="Karpathy's splits too; COCO's go with --year 2014.")
@click.option(
    "--base-url",
    envvar="LOOKSAY_BASE_URL",
    metavar="URL",
    help="A mirror that has every archive at URL/NAME.zip; also in LOOKSAY_BASE_URL.",
)
@click.option("--keep-archives", is_flag=True, help="Keep the archives after unpacking.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def download(
    name: str,
    folder: Path,
    year: str | None,
    splits: tuple[str, ...],
    karpathy: bool,
    base_url: str | None,
    keep_archives: bool,
    yes: bool,
) -> int:
    """Download the data set NAME into DIR, checked and unpacked; what is there is left alone."""
    source = find_source(
        name, year=year, splits=splits, karpathy=karpathy, base_url=base_url or None
    )
    plan = make_plan(source, folder.expanduser(), keep_archives=keep_archives)
    for line in plan.lines():
        click.echo(line)
    plan.check_room()
    if plan.steps and not yes and not _agreed():
        _say("nothing was downloaded.")
        return FAILED
    try:
        carry_out(plan, say=_say, patience=PATIENCE, progress=sys.stderr.isatty())
    except KeyboardInterrupt:
        _say(what_is_kept(plan))
        raise
    click.echo(f"Everything is there. Use it with --data {source.kind}:{plan.folder}")
    return 0


def _agreed() -> bool:
    """Whether the user wants it. UsageError where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise UsageError("nobody is at the terminal to agree; add --yes.")
    return click.confirm("Go on?")


def _say(sentence: str) -> None:
    click.echo(f"looksay: {sentence}", err=True)
