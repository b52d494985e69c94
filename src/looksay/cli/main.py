"""The `looksay` command: which verbs there are, and what its exit status means.

A verb is a click command in a file of its own, named in `VERBS` with the line that
`looksay --help` shows for it. The file is imported only when its verb is called, so that
`looksay caption` waits for nothing that only training needs. A verb returns its exit status
(None is 0).
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import click

import looksay
from looksay.cli.exits import Session, debug_option, explain_exit

# verb: (module, its click command, what `looksay --help` says)
VERBS: dict[str, tuple[str, str, str]] = {
    "caption": (
        "looksay.cli.caption",
        "caption",
        "Say what photographs show.",
    ),
    "serve": ("looksay.cli.serve", "serve", "Caption in a web page and over HTTP."),
    "index": ("looksay.cli.index", "index", "Caption folders of photographs once, to search."),
    "search": ("looksay.cli.search", "search", "Find photographs by what they show."),
    "alt-text": (
        "looksay.cli.alt_text",
        "alt_text",
        "Find a site's images that have no text, and propose or write it.",
    ),
    "embed": ("looksay.cli.embed", "embed", "Write captions into photographs' own metadata."),
    "download": ("looksay.cli.download", "download", "Download COCO, Flickr8k or Flickr30k."),
    "train": ("looksay.cli.train", "train", "Train a model on your photographs and captions."),
    "evaluate": ("looksay.cli.evaluate", "evaluate", "Score a model's captions of a data set."),
    "score": ("looksay.cli.score", "score", "Score any system's captions of a data set."),
    "compare": (
        "looksay.cli.compare",
        "compare",
        "Say whether one system's captions are better than another's.",
    ),
    "point": (
        "looksay.cli.point",
        "point",
        "Say how often attention lies on what its word names.",
    ),
    "describe": (
        "looksay.cli.describe",
        "describe",
        "Say what a recipe or bundle is made of; follow a picture through it.",
    ),
    "extract": ("looksay.cli.extract", "extract", "Compute and keep photographs' features."),
    "peek": ("looksay.cli.peek", "peek", "Caption with any kept epoch of a training run."),
    "export": ("looksay.cli.export", "export", "Make a bundle of any kept epoch of a run."),
    "remember": (
        "looksay.cli.remember",
        "remember",
        "Let a model heed what people say of like pictures.",
    ),
    "calibrate": (
        "looksay.cli.calibrate",
        "calibrate",
        "Learn how sure a model may be of its captions.",
    ),
    "data": ("looksay.cli.data", "data", "Look at a data set's captions; clean, save, split them."),
    "models": ("looksay.cli.models", "models", "List the models at hand, with their figures."),
}


class LazyVerbs(click.Group):
    """A click group that imports a verb's file when the verb is called, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, name, _ = VERBS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        if not any(parameter.name == "debug" for parameter in command.params):
            command.params.append(debug_option())
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, VERBS[verb][2]) for verb in VERBS])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0] if args else ""
        if word and word not in VERBS and not word.startswith("-"):
            ctx.fail(_unknown_verb(word))
        return super().resolve_command(ctx, args)


def _unknown_verb(word: str) -> str:
    if os.path.exists(word):
        return f"{word!r} is no verb. Did you mean `looksay caption {word}`?"
    return f"{word!r} is no verb. The verbs are: {', '.join(VERBS)}."


@click.group(
    cls=LazyVerbs,
    subcommand_metavar="VERB ...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  looksay caption --demo            try it on the photographs that come along
  looksay caption photo.jpg         one line: what the photograph shows
  looksay caption --help            everything that captioning can do

\b
Exit status: 0 all went well, 1 an error or some pictures failed, 2 wrong usage.""",
)
@click.version_option(looksay.__version__, "--version", "-V", message="looksay %(version)s")
def cli() -> None:
    """looksay looks at a picture, says what it shows, and shows where it looked."""


cli.params.append(debug_option())


def run(args: Sequence[str] | None = None) -> int:
    """Carries out one command line and returns its exit status; shows errors as sentences."""
    _speak_utf8()
    session = Session(words=tuple(sys.argv[1:] if args is None else args))
    try:
        status = cli.main(
            args=None if args is None else list(args),
            prog_name="looksay",
            standalone_mode=False,
            obj=session,
        )
        sys.stdout.flush()
        return int(status or 0)
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        return explain_exit(error, session)


def _speak_utf8() -> None:
    """Captions and names come out as UTF-8 whatever the locale; odd bytes in names stay whole."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="surrogateescape")


def main() -> None:
    """The entry point of the `looksay` script."""
    sys.exit(run())
