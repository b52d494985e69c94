"""`looksay caption --engine ray`: the same captions by many workers, into Parquet parts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import click

from looksay.cli.captioning import problem_line
from looksay.cli.exits import is_debugging
from looksay.cli.inputs import STDIN, all_names
from looksay.cli.progress import Progress
from looksay.errors import UsageError


def caption_ray(
    pictures: tuple[str, ...],
    files_from: str | None,
    output: str | None,
    *,
    column: str | None,
    address: str | None,
    models: tuple[str, ...],
    precision: str,
    options: dict[str, Any],
    batch_size: int | None,
    refused: dict[str, Any],
) -> int:
    """Captions what the command line names; `refused` are the options that make no sense here.

    Returns the exit status. Raises UsageError before any work.
    """
    output = _check_options(pictures, output, refused)
    from looksay.scale.cluster import need_ray

    need_ray()
    from looksay.scale.captions import caption_on_ray

    progress = Progress(wanted=True, streamed=True)

    def watch(name: str, error: str | None) -> None:
        if error is not None:
            progress.say(problem_line(name, error))
        progress.advance()

    try:
        outcome = caption_on_ray(
            _items(pictures, files_from, column),
            output,
            load_options={"model": list(models) or None, "precision": precision},
            options=options,
            batch_size=batch_size,
            address=address,
            debug=is_debugging(),
            watch=watch,
        )
    finally:
        progress.close()
    click.echo(
        f"{output}: {outcome.captioned:,} captioned, {outcome.failed:,} failed, "
        f"{outcome.earlier:,} done before"
    )
    return 1 if outcome.failed else 0


def _check_options(pictures: tuple[str, ...], output: str | None, refused: dict[str, Any]) -> str:
    """The folder to write to."""
    for option, value in refused.items():
        if value:
            raise UsageError(
                f"{option} and --engine ray do not go together: --engine ray writes a folder of "
                "Parquet parts, with captions and scores."
            )
    if output is None:
        raise UsageError("--engine ray needs --output DIR, a folder for its Parquet parts.")
    if STDIN in pictures:
        raise UsageError("--engine ray reads no picture from standard input; name files.")
    return output


def _items(pictures: tuple[str, ...], files_from: str | None, column: str | None) -> Iterator[Any]:
    from looksay.scale.lists import is_list, read_list
    from looksay.scale.sources import find_items

    if files_from is not None and is_list(files_from):
        listed: Iterator[str] = read_list(files_from, column)
    elif column is not None:
        raise UsageError("--column is for --files-from LIST.parquet or LIST.jsonl.")
    else:
        listed = all_names((), files_from)
    return chain(find_items(pictures), find_items(listed, listed=True))
