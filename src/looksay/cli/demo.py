"""`looksay caption --demo`: the photographs that come along, captioned and explained.

Beside the usual lines on standard output it leaves ./looksay-demo/ behind: for every photograph a
copy, the picture of where the model looked for each word and a page in which pointing at a word
shows it, and an index.html over them all. Whose photographs they are stands in NOTICE.
"""

from __future__ import annotations

import html
import os
import shutil
from pathlib import Path
from typing import Any

import click

from looksay.cli.captioning import caption_in_order
from looksay.cli.exits import describe_os_error
from looksay.cli.inputs import Picture
from looksay.cli.outputs import Writer
from looksay.errors import LooksayError

PHOTOGRAPHS = Path(__file__).resolve().parent.parent / "demo"
FOLDER = Path("looksay-demo")


def list_photographs() -> list[Path]:
    """The packaged photographs, the ones the model knows best first."""
    return [PHOTOGRAPHS / f"{name}.jpg" for name in ("dog", "photographer", "car", "astronaut")]


def run_demo(
    load: dict[str, Any],
    options: dict[str, Any],
    writer: Writer,
    with_attention: bool,
    kind: str | None,
) -> int:
    """Captions the photographs, writes the folder, and says where the pages are."""
    from looksay.cli.caption import load_captioner

    captioner = load_captioner(**load)
    try:
        FOLDER.mkdir(exist_ok=True)
        pictures = [Picture(f"{FOLDER.name}/{p.name}", p) for p in list_photographs()]
        sections = []
        for item, result in caption_in_order(captioner, pictures, batch_size=None, options=options):
            if isinstance(result, str):
                raise LooksayError(result)
            sections.append(_write_one(item, result, kind or "png"))
            writer.write({**result.to_json(attention=with_attention), "image": item.name})
        writer.close()
        index = FOLDER / "index.html"
        index.write_text(_page("".join(sections)), encoding="utf-8")
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise LooksayError(describe_os_error(error, error.filename or FOLDER)) from error
    click.echo(f"Open {os.fspath(index)} in a browser to see where it looked.", err=True)
    return 0


def _write_one(item: Any, caption: Any, kind: str) -> str:
    stem = item.source.stem
    shutil.copyfile(item.source, FOLDER / f"{stem}.jpg")
    picture = f"{stem}-attention.{kind}"
    caption.save_picture(FOLDER / picture)
    if kind != "html":
        caption.save_picture(FOLDER / f"{stem}-attention.html")
    return _section(stem, caption.text, picture if kind != "html" else f"{stem}.jpg")


def _section(stem: str, text: str, picture: str) -> str:
    said = html.escape(text)
    return f"""
<section>
  <h2>{said}</h2>
  <img src="{picture}" alt="Where the model looked for each word of: {said}">
  <p><a href="{stem}-attention.html">Point at the words</a> to see where the model looked, or see
  <a href="{stem}.jpg">the photograph</a> alone.</p>
</section>"""


def _page(sections: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>looksay: what it says, and where it looked</title>
<style>
  :root {{ color-scheme: light dark; }}
  body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto;
         padding: 0 1rem; }}
  h2 {{ margin: 0 0 .5rem; }}
  section {{ border-top: 1px solid #8888; padding: 1.5rem 0; }}
  img {{ max-width: 100%; height: auto; border-radius: .3rem; }}
</style>
</head>
<body>
<h1>What looksay says, and where it looked</h1>
<p>Captions by the shipped model. It knows people, dogs and sports outdoors; the rest it mistakes
for them. Try your own: <code>looksay caption photo.jpg --attention looked/</code></p>
{sections}
</body>
</html>
"""
