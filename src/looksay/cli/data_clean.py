"""`looksay data clean`: captions cleaned by rules that are named, and said what each rule did."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from looksay.cli.data_options import (
    address_argument,
    check_line_name,
    check_output,
    force_option,
    output_option,
)
from looksay.cli.training_options import say_all, seed_option, splits_option
from looksay.data.cleaning import PRESETS, RULES, Cleaned, clean_records, make_rules
from looksay.data.records import count
from looksay.errors import UsageError

if TYPE_CHECKING:
    from looksay.data import Record

EPILOG = """\b
Examples:
  looksay data clean --list-rules
  looksay data clean folder:photos --rule spaces --rule duplicates --output cleaned.txt
  looksay data clean flickr8k:~/Flickr8k --preset case-study --output ~/Flickr8k/metadata.jsonl
  looksay data clean flickr8k:~/Flickr8k --preset tutorial --with-pictures \\
      --output cleaned/metadata.jsonl

\b
FILE is a metadata.jsonl above its pictures, which --data folder:DIR reads, splits and all; or a
.txt with a line NAME<TAB>CAPTION for each caption.
"""
JSONL = "metadata.jsonl"
NUM_NAMES = 3  # of pictures left out, that a sentence shows


def _list_rules(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """Prints rules and presets and ends the command, before it asks for a data set."""
    if not value:
        return
    formatter = ctx.make_formatter()
    with formatter.section("Rules, for --rule"):
        formatter.write_dl(
            [(name + ("=N" if kind.default else ""), kind.help) for name, kind in RULES.items()]
        )
    with formatter.section("Presets, for --preset"):
        formatter.write_dl([(name, ", ".join(rules)) for name, rules in PRESETS.items()])
    click.echo(formatter.getvalue(), nl=False)
    ctx.exit()


@click.command(epilog=EPILOG, short_help="Clean captions by rules of your choice.")
@address_argument
@output_option
@click.option("--preset", type=click.Choice(list(PRESETS)), help="Rules of a published system.")
@click.option(
    "--rule",
    "written",
    multiple=True,
    metavar="RULE",
    help="A rule; may be given again. Rules are applied in the order given, a preset's first.",
)
@click.option(
    "--list-rules",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_rules,
    help="Say what each rule and preset does.",
)
@click.option(
    "--with-pictures",
    is_flag=True,
    help="Bring the pictures into the folder of metadata.jsonl, as hard links or else copies.",
)
@force_option
@seed_option
@splits_option
def clean(
    address: str,
    output: Path,
    preset: str | None,
    written: tuple[str, ...],
    with_pictures: bool,
    force: bool,
    split_seed: int,
    split_file: Path | None,
) -> None:
    """Clean the captions of the data set at ADDRESS by rules of your choice, into a new file."""
    from looksay.data import load_data
    from looksay.data.writing import write_text

    rules = make_rules((*PRESETS.get(preset or "", ()), *written))
    if not rules:
        raise UsageError("No rule is chosen; give --preset or --rule (--list-rules shows them).")
    _check_output(output, force, with_pictures)
    dataset = load_data(address, seed=split_seed, split_file=split_file)
    say_all(dataset.report.sentences()[1:])
    cleaned = clean_records(dataset.records, rules)
    if output.suffix.lower() == ".txt":
        lines = _text_lines(cleaned.records)
    else:
        lines = _json_lines(cleaned.records, output.parent, with_pictures)
    write_text(output, "".join(lines))
    _say_what_was_done(cleaned, output)


def _check_output(output: Path, force: bool, with_pictures: bool) -> None:
    """UsageError for a file that no other command could read, or that must not be lost."""
    from looksay.cli.data_pictures import check_folder

    is_text = output.suffix.lower() == ".txt"
    if not is_text and output.name != JSONL:
        raise UsageError(
            f"--output {output}: name a {JSONL}, which --data folder:DIR reads, or a .txt file."
        )
    if is_text and with_pictures:
        raise UsageError(f"--with-pictures needs an --output that is a {JSONL}.")
    if not is_text:
        check_folder(output.parent)
    check_output(output, force)


def _text_lines(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        for text in record.captions:
            yield f"{check_line_name(record.name)}\t{text}\n"


def _json_lines(records: Sequence[Record], folder: Path, with_pictures: bool) -> Iterator[str]:
    """A record a line, as `folder:DIR` reads it."""
    from looksay.cli.data_pictures import bring_pictures, name_pictures

    names = (bring_pictures if with_pictures else name_pictures)(records, folder)
    for record, name in zip(records, names, strict=True):
        fields = {"file_name": name, "captions": record.captions, "split": record.split}
        yield json.dumps(fields, ensure_ascii=False) + "\n"


def _say_what_was_done(cleaned: Cleaned, output: Path) -> None:
    width = max(len(rule.name) for rule in cleaned.counts)
    click.echo(f"{'rule':<{width}}  captions changed  removed")
    for rule in cleaned.counts:
        click.echo(f"{rule.name:<{width}}{rule.changed:18,}{rule.removed:9,}")
    if cleaned.left_out:
        click.echo(_left_out(cleaned.left_out))
    pictures = count(len(cleaned.records), "picture")
    click.echo(f"{output}: {count(cleaned.num_captions, 'caption')} of {pictures}")
    if output.name == JSONL:
        click.echo(f"Train on it with --data folder:{output.parent}")


def _left_out(names: Sequence[str]) -> str:
    have = "has" if len(names) == 1 else "have"
    more = ", ..." if len(names) > NUM_NAMES else ""
    shown = ", ".join(names[:NUM_NAMES]) + more
    return f"{count(len(names), 'picture')} {have} no caption left ({shown}): left out."
