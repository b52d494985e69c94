"""What the parts of `looksay data` share: the data set's address, output files, sentences."""

from __future__ import annotations

from pathlib import Path

import click

from looksay.errors import DataError, UsageError

address_argument = click.argument("address", metavar="ADDRESS")
output_option = click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write there; one that exists is left alone without --force.",
)
force_option = click.option("--force", is_flag=True, help="Overwrite the output file.")


def check_output(output: Path, force: bool) -> None:
    """UsageError where the output is a folder, or a file that must not be lost. Asked before any
    work is done; a pipe or device takes anything."""
    if output.is_dir():
        raise UsageError(f"--output {output} is a folder; name a file.")
    if output.is_file() and not force:
        raise UsageError(
            f"{output} exists; name another --output file, or overwrite it with --force."
        )


def check_line_name(name: str) -> str:
    """A picture's name as a line of text has it. DataError for a name that would break the line."""
    if any(sign in name for sign in "\t\n\r"):
        raise DataError(
            f"The picture's name {name!r} has a tab or a line break in it, which a line of text "
            "cannot hold; rename the picture."
        )
    return name
