"""`looksay data`: a data set's captions looked at, cleaned, saved and split. Needs no Keras."""

from __future__ import annotations

import click

from looksay.cli.data_clean import clean
from looksay.cli.data_frequencies import frequencies
from looksay.cli.data_save import save
from looksay.cli.data_split import split
from looksay.cli.data_stats import stats
from looksay.cli.exits import debug_option
from looksay.errors import nearest

EPILOG = """\b
Examples:
  looksay data stats flickr8k:~/Flickr8k
  looksay data clean folder:photos --rule spaces --output cleaned.txt
  looksay data save flickr8k:~/Flickr8k --split train --output train.token.txt
  looksay data split folder:photos --dev-share 0.2 --output splits.json
  looksay data frequencies flickr8k:~/Flickr8k --output frequencies.json

\b
ADDRESS is what --data takes elsewhere: flickr8k:DIR, flickr30k:DIR, coco:DIR, karpathy:FILE.json,
folder:DIR with captions.csv or metadata.jsonl in it, or webdataset:PATTERN of tar files.
"""


class Parts(click.Group):
    """A click group that names the nearest part where there is none of a name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0] if args else ""
        if word and word not in self.commands and not word.startswith("-"):
            parts = ", ".join(self.commands)
            ctx.fail(
                f"`looksay data` has no {word!r}{nearest(word, self.commands)}; it has {parts}."
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Parts"):
            formatter.write_dl(
                [(name, part.short_help or "") for name, part in self.commands.items()]
            )


@click.group(cls=Parts, epilog=EPILOG, subcommand_metavar="PART ...")
def data() -> None:
    """Look at a data set's captions; clean, save and split them."""


for part in (stats, clean, save, split, frequencies):
    part.params.append(debug_option())
    data.add_command(part)
