"""A contact sheet: what a search found, as a web page in a single file."""

from __future__ import annotations

import base64
import html
import os
import string
from collections.abc import Iterator
from pathlib import Path

from looksay.errors import ImageError
from looksay.library.library import Library, Photograph, Results

_THUMBNAIL_PIXELS = 480


class _Template(string.Template):
    delimiter = "@@"  # a mark that CSS does not use


_PAGE = _Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>@@title</title>
<style>
:root { color-scheme: light dark; --paper: #fff; --card: #f3f5f9; --ink: #15181f;
  --pale: #5d6472; --lit: #ffd166; --lit-ink: #15181f; --ring: #0b62d6; }
@media (prefers-color-scheme: dark) { :root { --paper: #11141b; --card: #1d222d;
  --ink: #eceef3; --pale: #a3abba; --ring: #8ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 90rem; margin: 0 auto; padding: clamp(.75rem, 3vw, 2rem); }
h1 { margin: 0; font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .75rem; font-size: 1rem; font-weight: 500; color: var(--pale); }
p { margin: 0; }
.count { color: var(--pale); }
ul { display: grid; gap: 1rem; padding: 0; list-style: none; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); }
a { display: block; height: 100%; color: inherit; text-decoration: none; overflow: hidden;
  background: var(--card); border-radius: .75rem; }
a:hover .name { text-decoration: underline; }
a:focus-visible { outline: 3px solid var(--ring); outline-offset: 2px; }
img, .gone { display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: cover; }
.gone { padding: 1rem; color: var(--pale); border-bottom: 1px dashed var(--pale);
  overflow-wrap: anywhere; overflow: auto; }
.text { padding: .6rem .8rem .8rem; }
.name { font-size: .85rem; color: var(--pale); overflow-wrap: anywhere; }
mark { background: var(--lit); color: var(--lit-ink); border-radius: .2rem; padding: 0 .1rem; }
</style>
<main>
<h1>@@title</h1>
<p class="count">@@count</p>
@@groups
</main>
</html>
""")


def contact_sheet(library: Library, query: str, results: Results) -> str:
    """The page: a thumbnail of each photograph, linked to its file, and its caption with the words
    that were found marked. A photograph that cannot be read has the reason in its place."""
    shown = len(results.photographs)
    count = f"{results.total:,} photographs" if results.total != 1 else "1 photograph"
    return _PAGE.substitute(
        title=html.escape(_plain(query)),
        count=count + (f", of which the first {shown:,}" if shown < results.total else ""),
        groups="\n".join(_groups(library, results)),
    )


def _groups(library: Library, results: Results) -> Iterator[str]:
    whole = [photograph for photograph in results.photographs if photograph.whole]
    partly = [photograph for photograph in results.photographs if not photograph.whole]
    for heading, group in (("", whole), ("With some of the words", partly)):
        if group:
            cards = "\n".join(_card(library, photograph) for photograph in group)
            yield (f"<h2>{heading}</h2>\n" if heading else "") + f"<ul>\n{cards}\n</ul>"


def _card(library: Library, photograph: Photograph) -> str:
    path = photograph.paths[0]
    caption = photograph.snippet.mark("<mark>", "</mark>", escape=html.escape)
    name = html.escape(_plain(path.name))
    return (
        f'<li><a href="{html.escape(_link(path))}">{_picture(library, photograph)}'
        f'<div class="text"><p>{caption}</p><p class="name">{name}{_copies(photograph)}</p></div>'
        "</a></li>"
    )


def _picture(library: Library, photograph: Photograph) -> str:
    try:
        if not photograph.is_there:
            raise ImageError(f"{photograph.paths[0]} is gone.")
        data = library.thumbnail(photograph.id, side=_THUMBNAIL_PIXELS)
    except ImageError as error:
        return f'<p class="gone">{html.escape(_plain(str(error)))}</p>'
    encoded = base64.b64encode(data).decode("ascii")
    return f'<img alt="" loading="lazy" src="data:image/jpeg;base64,{encoded}">'


def _copies(photograph: Photograph) -> str:
    copies = len(photograph.paths) - 1
    return f" and {copies} more {'copy' if copies == 1 else 'copies'}" if copies else ""


def _link(path: Path) -> str:
    return path.as_uri()  # percent-encodes the bytes of names that are no Unicode, too


def _plain(text: str) -> str:
    """Text that can be written: odd bytes of a name become question marks."""
    return os.fsencode(text).decode("utf-8", "replace")
