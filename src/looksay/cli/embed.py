"""`looksay embed`: captions written into the photographs themselves, and taken out again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from looksay.cli.captioning import Item, caption_in_order
from looksay.cli.engine_options import engine_options
from looksay.cli.inputs import STDIN, Picture, Problem, find_pictures
from looksay.cli.records import text_name
from looksay.errors import EmbedError, ImageError, UsageError

if TYPE_CHECKING:
    from looksay.library.embed import Before, Claims, ExifTool, State, Wishes

MAX_LENGTH = 250  # what the IPTC advises for its accessibility text

EPILOG = """\b
Examples:
  looksay embed photos/ --dry-run      what would be written
  looksay embed photos/                write it
  looksay embed photos/ --undo         the very bytes of before

\b
The text becomes the photograph's description (XMP, and IPTC in JPEG and TIFF) and its text for
accessibility (IPTC Core); looksay signs as the description's writer. A description that somebody
else wrote, or edited, is kept. Every new file is checked before it replaces the old one: picture
and all other metadata must be the same. The way back is in .looksay-undo.jsonl beside the
photographs.
Needs ExifTool (Debian: apt install libimage-exiftool-perl; macOS: brew install exiftool).
Exit status: 0 all went well, 1 some photographs failed, 2 wrong usage.
"""


@click.command(epilog=EPILOG)
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO|FOLDER|PATTERN...")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--undo", "undoing", is_flag=True, help="Give the photographs their old bytes back.")
@click.option("--overwrite", is_flag=True, help="Replace descriptions that others wrote, too.")
@click.option("--keep-time", is_flag=True, help="Keep the time of each file's last change.")
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="P",
    help="Leave out texts that the model is less sure of: its calibrated confidence, or its words' "
    "mean probability where it has none.  [default: 0]",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the way back of all there.  [default: .looksay-undo.jsonl in each folder]",
)
@click.option("--exiftool", "program", metavar="PROGRAM", help="ExifTool, where it is not found.")
@engine_options
def embed(
    photos: tuple[str, ...],
    undoing: bool,
    min_confidence: float,
    program: str | None,
    models: tuple[str, ...],
    batch_size: int | None,
    engine: str,
    precision: str,
    **wishes: Any,
) -> int:
    """Write what photographs show into their own metadata."""
    from looksay.library.embed import Claims, ExifTool, Wishes

    if STDIN in photos:
        raise UsageError("embed writes into files and cannot read standard input; name files.")
    if undoing and wishes["overwrite"]:
        raise UsageError("--undo writes no descriptions; leave --overwrite out.")
    wished = Wishes(**wishes)
    with Claims(wished) as claims:
        run = _Run(wished, min_confidence, claims)
        try:
            if undoing:
                run.undo_all(find_pictures(photos, None))
            else:
                with ExifTool(program) as exiftool:
                    items = run.choose(find_pictures(photos, None), exiftool)
                    load = {"model": models or None, "engine": engine, "precision": precision}
                    run.embed_all(items, load, batch_size, exiftool)
        finally:
            run.close()
    return 1 if run.failed else 0


def load_captioner(**how: Any) -> Any:
    """The captioner; imported late, since --undo needs none."""
    from looksay.captioner import load

    return load(**how)


class _Run:
    """One command's photographs: what was done to each is a line, problems go to standard error."""

    def __init__(self, wishes: Wishes, min_confidence: float, claims: Claims) -> None:
        self._wishes, self._min_confidence, self._claims = wishes, min_confidence, claims
        self._found: dict[str, Before] = {}
        self._count: Counter[str] = Counter()

    @property
    def failed(self) -> int:
        """How many photographs had a problem."""
        return self._count["failed"]

    def undo_all(self, items: Iterator[Item]) -> None:
        from looksay.library.embed import State, undo

        for item in items:
            if isinstance(item, Problem):
                self._fail(item.name, item.sentence)
                continue
            assert isinstance(item.source, Path)
            self._claims.visit(item.source)
            try:
                state = undo(item.source, self._wishes)
            except (ImageError, EmbedError) as error:
                self._fail(item.name, str(error))
            else:
                self._tell(item.name, state, "", quiet=state is State.NOTHING_TO_UNDO)

    def choose(self, items: Iterator[Item], exiftool: ExifTool) -> Iterator[Item]:
        """The photographs that want a caption; of the others it says what becomes of them."""
        from looksay.library.embed import State, look

        for item in items:
            if isinstance(item, Problem):
                yield item
                continue
            assert isinstance(item.source, Path)
            self._claims.visit(item.source)
            try:
                before = look(item.source, exiftool)
            except (ImageError, EmbedError) as error:
                yield Problem(item.name, str(error))
                continue
            if before.kept and not self._wishes.overwrite:
                self._tell(item.name, State.KEPT, before.kept)
            else:
                self._found[item.name] = before
                self._claims.begin(before.path)
                yield item
        self._claims.leave()

    def embed_all(
        self,
        items: Iterator[Item],
        load: dict[str, Any],
        batch_size: int | None,
        exiftool: ExifTool,
    ) -> None:
        for item in items:  # a model is loaded for the first that wants one
            if isinstance(item, Picture):
                captioner = load_captioner(**load)
                rest = _again(item, items)
                for each, result in caption_in_order(
                    captioner, rest, batch_size=batch_size, options={}
                ):
                    self._embed(each, result, exiftool)
                return
            self._fail(item.name, item.sentence)

    def close(self) -> None:
        """Says how much was done."""
        told = [f"{number} {state}" for state, number in sorted(self._count.items())]
        click.echo(f"{', '.join(told) or 'no photographs'}.", err=True)

    def _embed(self, item: Item, result: Any, exiftool: ExifTool) -> None:
        before = self._found.pop(item.name, None)
        if isinstance(result, str):
            self._fail(item.name, result)
        elif before is not None:
            self._write(item.name, before, result, exiftool)
        if before is not None:
            self._claims.end(before.path)

    def _write(self, name: str, before: Before, result: Any, exiftool: ExifTool) -> None:
        from looksay.library.embed import embed
        from looksay.library.sureness import how_sure
        from looksay.library.wording import to_alt_text

        text = to_alt_text(result.text, MAX_LENGTH)
        if not how_sure(result).enough(self._min_confidence):
            self._say(name, "not sure enough", text)
            return
        try:
            state = embed(before, text, exiftool, self._wishes)
        except (ImageError, EmbedError) as error:
            self._fail(name, str(error))
        else:
            self._tell(name, state, text)

    def _tell(self, name: str, state: State, text: str, *, quiet: bool = False) -> None:
        if quiet:
            self._count[state.value] += 1
        else:
            self._say(name, state.value, text)

    def _say(self, name: str, state: str, text: str) -> None:
        self._count[state] += 1
        click.echo("\t".join([text_name(name), state, *([text_name(text)] if text else [])]))

    def _fail(self, name: str, sentence: str) -> None:
        self._count["failed"] += 1
        line = sentence if name in sentence else f"{name}: {sentence}"
        click.echo("looksay: " + " ".join(line.split()), err=True)


def _again(first: Item, rest: Iterator[Item]) -> Iterator[Item]:
    yield first
    yield from rest
