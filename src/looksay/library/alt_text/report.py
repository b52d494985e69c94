"""A page for people: each picture that needs a text beside the text proposed.

One file that asks for nothing from outside; its own policy forbids that too.
"""

from __future__ import annotations

import base64
import html
import io
import string
from collections.abc import Sequence
from pathlib import Path

from looksay.errors import ImageError
from looksay.images import open_image
from looksay.library.alt_text.finding import Finding, State

_THUMBNAIL_PIXELS = 360
_TITLES = {
    State.REVIEW: ("To review", "The model is not sure. Read these before you use them."),
    State.READY: ("Ready", "<code>looksay alt-text --write</code> puts these in."),
    State.WRITTEN: ("Written", "These are in the pages now."),
    State.BY_HAND: ("By hand", "looksay cannot say what these show."),
    State.SMALL: ("Small", "Icons and spacers: an icon that means something needs its text from "
                  'you, all others <code>alt=""</code>.'),
}  # fmt: skip


def report_page(findings: Sequence[Finding], site: str) -> str:
    """The report as HTML; thumbnails of the pictures are in it, each once a line."""
    thumbnails = _Thumbnails()
    sections = []
    for state, (title, hint) in _TITLES.items():
        chosen = [finding for finding in findings if finding.state is state]
        if chosen:
            cards = "".join(_card(finding, thumbnails) for finding in chosen)
            sections.append(
                f"<section><h2>{title} <span>{len(chosen)}</span></h2><p>{hint}</p>"
                f'<ul class="cards" role="list">{cards}</ul></section>'
            )
    return _PAGE.substitute(
        site=html.escape(site),
        summary=html.escape(summarize(findings)),
        sections="".join(sections) or "<p>Every image has its text.</p>",
    )


def summarize(findings: Sequence[Finding]) -> str:
    """One sentence of numbers."""
    count = {state: sum(f.state is state for f in findings) for state in State}
    pages = len({finding.name for finding in findings})
    told = [
        f"{number} {words}"
        for number, words in (
            (count[State.HAS_TEXT], "with text"),
            (count[State.DECORATIVE], "decorative"),
            (count[State.SMALL], "small"),
            (count[State.WRITTEN], "written"),
            (count[State.MISSING], "without text"),
            (count[State.READY], "ready to be written"),
            (count[State.REVIEW], "to review"),
            (count[State.BY_HAND], "to be done by hand"),
        )
        if number
    ]
    images = f"{len(findings)} image{'' if len(findings) == 1 else 's'}"
    where = f"{pages} page{'' if pages == 1 else 's'}"
    return f"{images} on {where}: {', '.join(told)}." if told else "No images."


class _Thumbnails:
    """Small pictures as addresses that hold them; a picture that stands in many places is made
    small once."""

    def __init__(self) -> None:
        self._made: dict[str, str] = {}

    def get(self, finding: Finding) -> str:
        if not finding.key or finding.picture is None:
            return ""
        if finding.key not in self._made:
            self._made[finding.key] = _thumbnail(finding.picture)
        return self._made[finding.key]


def _thumbnail(picture: Path | bytes) -> str:
    try:
        image = open_image(picture, at_least=_THUMBNAIL_PIXELS)
    except ImageError:
        return ""
    image.thumbnail((_THUMBNAIL_PIXELS, _THUMBNAIL_PIXELS))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _card(finding: Finding, thumbnails: _Thumbnails) -> str:
    address = thumbnails.get(finding)
    text = html.escape(finding.text)
    # Its text stands beside it, and would be read twice.
    picture = f'<img alt="" src="{address}">' if address else '<div class="none">no picture</div>'
    said = f'<p class="text">{text}</p>' if text else ""
    return f'<li><div class="thumb">{picture}</div><div>{said}<dl>{_facts(finding)}</dl></div></li>'


def _facts(finding: Finding) -> str:
    facts = [("Where", finding.where), ("Picture", finding.source)]
    if finding.sure is not None:
        facts.append(("Sure", f"{finding.sure.value:.0%} ({finding.sure.meaning})"))
    if finding.alt and finding.alt.strip():
        facts.append(("Now", finding.alt))
    if finding.place.alone_in_link:
        facts.append(("Link", "it is all that its link has: say where the link leads"))
    if finding.reason:
        facts.append(("Why", finding.reason))
    return "".join(
        f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd></div>" for name, value in facts
    )


_PAGE = string.Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>Alt text of $site</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --paper: #fff; --ink: #15181f; --pale: #5d6472;
  --line: #d5d9e2; --card: #f6f7fa; }
@media (prefers-color-scheme: dark) { :root { --paper: #11141b; --ink: #eceef3;
  --pale: #a3abba; --line: #343a47; --card: #191d27; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: clamp(.75rem, 3vw, 2rem); }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 0; }
h2 span { color: var(--pale); font-weight: 400; }
section > p, .summary { color: var(--pale); margin: .25rem 0 1rem; }
.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
.cards li { background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  overflow: hidden; display: flex; flex-direction: column; }
.thumb { height: 13rem; background: #0a0e1a; display: flex; }
.thumb img { width: 100%; height: 100%; object-fit: contain; }
.none { margin: auto; color: #a3abba; }
.thumb + div { padding: .75rem 1rem 1rem; }
.text { margin: 0 0 .5rem; font-size: 1.1rem; font-weight: 500; }
dl { margin: 0; font-size: .875rem; }
dl div { display: flex; gap: .5rem; }
dt { color: var(--pale); flex: 0 0 6.75rem; }
dd { margin: 0; overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>Alt text of $site</h1>
<p class="summary">$summary</p>
$sections
</main>
</body>
</html>
""")
