"""`looksay caption`: photographs in, a line for each out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import click

from looksay.cli.attention_files import KINDS, AttentionFiles
from looksay.cli.captioning import Item, caption_in_order, write_all
from looksay.cli.decoding_options import decoding_options, resolve_decoding
from looksay.cli.engine_options import RAY, engine_options_with_ray
from looksay.cli.inputs import STDIN, Picture, Problem, check_inputs, find_pictures
from looksay.cli.outputs import FORMATS, Writer, alone_at, guess_format, open_writer
from looksay.cli.progress import Progress
from looksay.errors import UsageError
from looksay.scale.lists import is_list

EXAMPLES = """\b
Examples:
  looksay caption --demo                           try it: writes ./looksay-demo/
  looksay caption photo.jpg
  looksay caption holiday/ "*.png"                 folders and patterns
  looksay caption photo.jpg --attention looked/    where it looked, as a picture
  looksay caption photo.jpg --num-captions 3 --format json
  looksay caption photo.jpg --beam 6 --beam-groups 3 --num-captions 3    captions that differ
  looksay caption photo.jpg --model runs/a/bundle --model runs/b/bundle  two models as one
  looksay caption library/ --output captions.jsonl run it again to go on
  curl -s https://example.org/a.jpg | looksay caption -
  find . -name "*.jpg" | looksay caption --files-from -
  looksay caption --engine ray shards/*.tar s3://bucket/photos --output captions/    many machines

\b
A problem with one picture is a line on standard error, and the rest goes on.
Exit status: 0 all went well, 1 some pictures failed, 2 wrong usage.
"""


@click.command(epilog=EXAMPLES)
@click.argument("pictures", nargs=-1, metavar="[PICTURE|FOLDER|PATTERN|-]...")
@click.option(
    "--files-from",
    metavar="LIST|-",
    help="Read the names from a file, one a line; with --engine ray also from LIST.parquet or "
    "LIST.jsonl.",
)
@click.option(
    "--column",
    metavar="NAME",
    help="Where those have the names.  [default: image, path, file_name or url]",
)
@click.option("--demo", is_flag=True, help="Caption the photographs that come with looksay.")
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    help="text: name, tab, caption.  [default: by the suffix of --output, else text]",
)
@click.option(
    "--output",
    metavar="FILE|DIR",
    help="Write there; what it holds already is not done again. With --engine ray a folder, of "
    "this machine or an object store, for Parquet parts.",
)
@click.option(
    "--attention",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Save a picture of where the model looked for each word.",
)
@click.option("--attention-kind", type=click.Choice(KINDS), help="Its file type.  [default: png]")
@click.option("--attention-values", is_flag=True, help="Put the attention into the JSON too.")
@decoding_options
@engine_options_with_ray
def caption(
    pictures: tuple[str, ...],
    files_from: str | None,
    column: str | None,
    demo: bool,
    format: str | None,
    output: str | None,
    attention: Path | None,
    attention_kind: str | None,
    attention_values: bool,
    models: tuple[str, ...],
    batch_size: int | None,
    engine: str,
    precision: str,
    ray_address: str | None,
    **search: Any,
) -> int:
    """Say what photographs show.

    Give photographs, folders (searched through) or patterns; `-` reads one picture's bytes from
    standard input. Each picture becomes a line, in the order given.
    """
    options = resolve_decoding(**search)
    if engine == RAY:
        from looksay.cli.caption_ray import caption_ray

        if not demo:
            check_inputs(pictures, files_from)
        return caption_ray(
            pictures,
            files_from,
            output,
            column=column,
            address=ray_address,
            models=models,
            precision=precision,
            options=options,
            batch_size=batch_size,
            refused={
                "--demo": demo,
                "--format": format,
                "--attention": attention,
                "--attention-kind": attention_kind,
                "--attention-values": attention_values,
            },
        )
    if column or ray_address:
        raise UsageError("--column and --ray-address need --engine ray.")
    if files_from and is_list(files_from):
        raise UsageError(f"{files_from}: only --engine ray reads such lists; give one name a line.")
    file = None if output is None else Path(output)
    format = guess_format(format, file)
    load = {"model": models or None, "engine": engine, "precision": precision}
    if attention_values and format not in ("json", "jsonl"):
        raise UsageError("--attention-values needs --format json or jsonl.")
    if attention_kind and not attention and not demo:
        raise UsageError("--attention-kind needs --attention DIR.")
    if demo:
        from looksay.cli.demo import run_demo

        if pictures or files_from or attention or output:
            raise UsageError(
                "--demo brings its own pictures and writes to ./looksay-demo/; give no pictures, "
                "--files-from, --attention or --output with it."
            )
        writer = open_writer(format, None, attention=attention_values)
        return run_demo(load, options, writer, attention_values, attention_kind)

    check_inputs(pictures, files_from)
    files = AttentionFiles(attention, attention_kind or "png") if attention else None
    if files is not None:
        files.make_folder()
    with alone_at(file):
        writer = open_writer(format, file, attention=attention_values)
        items = _skip_done(find_pictures(pictures, files_from), writer, files)
        return _run(
            items,
            writer,
            load=load,
            options=options,
            batch_size=batch_size,
            attention_files=files,
            with_attention=attention_values,
            progress=_open_progress(file, streamed=files_from == STDIN),
        )


def _run(
    items: Iterator[Item],
    writer: Writer,
    *,
    load: dict[str, Any],
    options: dict[str, Any],
    batch_size: int | None,
    attention_files: AttentionFiles | None,
    with_attention: bool,
    progress: Progress,
) -> int:
    try:
        if progress.wants_total:
            items = progress.count(items)
        leading, items = _until_first_picture(items)
        captioner = None
        results: Iterator[tuple[Item, Any]] = (
            (item, item.sentence) for item in leading if isinstance(item, Problem)
        )
        if any(isinstance(item, Picture) for item in leading):  # nothing to do needs no model
            captioner = load_captioner(**load)
            results = caption_in_order(
                captioner, chain(leading, items), batch_size=batch_size, options=options
            )
        failed = write_all(
            results,
            writer,
            attention_files=attention_files,
            with_attention=with_attention,
            model=getattr(captioner, "name", None),
            progress=progress,
        )
    finally:
        progress.close()
        writer.close()
    return 1 if failed else 0


def _open_progress(output: Path | None, *, streamed: bool) -> Progress:
    """No bar where the captions themselves run down the terminal."""
    wanted = output is not None or not sys.stdout.isatty()
    return Progress(wanted=wanted, streamed=streamed)


def load_captioner(**how: Any) -> Any:
    """The captioner; imported late, since `looksay caption --help` needs none."""
    from looksay.captioner import load

    return load(**how)


def _skip_done(
    items: Iterator[Item], writer: Writer, files: AttentionFiles | None
) -> Iterator[Item]:
    for item in items:
        if files is not None and isinstance(item, Picture):
            files.reserve(item.name)
        if item.name == STDIN or not writer.is_done(item.name):
            yield item
        elif files is not None:
            files.drop(item.name)


def _until_first_picture(items: Iterator[Item]) -> tuple[list[Item], Iterator[Item]]:
    leading: list[Item] = []
    for item in items:
        leading.append(item)
        if isinstance(item, Picture):
            break
    return leading, items
