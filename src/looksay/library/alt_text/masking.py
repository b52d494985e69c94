"""What is no page yet: the parts of a template that become something else before anyone reads it.

They are covered by a mark of the same length, so that the parsers pass over them and every place
keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

MARK = "\ue000"  # a private character: no space, no sign of HTML or Markdown, in no page

_BEGIN = re.compile(r"\{\{|\{%|\{#|<\?|<%|\$\{")
# Blocks that show or drop what they hold: Liquid, Jinja, Twig; Hugo.
_BLOCK = re.compile(r"\{%-?\s*(comment|raw|verbatim|highlight)\b[^%]{0,200}%\}")
_BLOCK_END = r"\{%-?\s*endNAME\s*-?%\}"
_HUGO = re.compile(r"\{\{[<%]\s*highlight\b")
_HUGO_END = r"\{\{[<%]\s*/\s*highlight\b.{0,20}?[>%]\}\}"
_LITERAL = re.compile(r"\$\{[^{}\n]{0,500}\}")  # template literals, Thymeleaf, JSP
_SHORT, _LONG = 1000, 20_000  # the most signs inside
_PHP_TO_THE_END = re.compile(r"<\?(?:php|=).*\Z", re.DOTALL)
_FRONT_MATTER = re.compile(r"\A\ufeff?(---|\+\+\+)[ \t]*\r?\n.*?^\1[ \t]*\r?$", re.DOTALL | re.M)


def mask_templates(text: str) -> str:
    """The text with its template parts covered, of the same length and with the same lines."""
    text = _FRONT_MATTER.sub(lambda found: re.sub(r"[^\r\n]", " ", found[0]), text)
    # Parsers drop a byte order mark, and every place would shift.
    text = text.replace("\ufeff", " ", 1) if text.startswith("\ufeff") else text
    pieces, done = [], 0
    for start, end in _parts(text):
        pieces += [text[done:start], _covered(text[start:end])]
        done = end
    text = "".join([*pieces, text[done:]])
    return _PHP_TO_THE_END.sub(lambda found: _covered(found[0]), text)


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """Where each part begins and ends. Takes time in proportion to the text, also where parts
    begin again and again and never end."""
    ends = _Ends(text)
    place = 0
    while found := _BEGIN.search(text, place):
        start = found.start()
        end = _END_OF[found[0]](ends, start)
        if end is not None:
            yield start, end
        place = start + 1 if end is None else end


class _Ends:
    """Where things end in a text. Each kind of end is looked for once, from left to right."""

    def __init__(self, text: str):
        self.text = text
        self._next: dict[str, tuple[int, re.Match[str] | None]] = {}

    def next(self, pattern: str, place: int) -> re.Match[str] | None:
        """The first match from `place` on."""
        since, found = self._next.get(pattern, (len(self.text) + 1, None))
        if place < since or (found is not None and found.start() < place):
            since, found = place, re.compile(pattern, re.DOTALL).search(self.text, place)
            self._next[pattern] = since, found
        return found

    def within(self, start: int, sign: str, most: int, barred: str = "") -> int | None:
        """Behind the sign that ends the part at `start`, no more than `most` signs long inside and
        without what is barred there."""
        found = self.next(re.escape(sign), start + 2)
        if found is None or found.start() - start - 2 > most:
            return None
        if barred and self.text.find(barred, start + 2, found.start() + len(barred) - 1) >= 0:
            return None
        return found.end()

    def tag(self, start: int) -> int | None:
        """Of what begins with {%."""
        block = _BLOCK.match(self.text, start)
        closing = block and self.next(_BLOCK_END.replace("NAME", block[1]), block.end())
        return closing.end() if closing else self.within(start, "%}", _SHORT, "{%")

    def expression(self, start: int) -> int | None:
        """Of what begins with {{: Jinja, Liquid, Twig, Handlebars, Hugo, Go, Angular, Vue."""
        block = _HUGO.match(self.text, start)
        closing = block and self.next(_HUGO_END, block.end())
        if closing:
            return closing.end()
        end = self.within(start, "}}", _SHORT, "{{")
        while end is not None and self.text[end : end + 1] == "}":
            end += 1
        return end

    def literal(self, start: int) -> int | None:
        """Of what begins with ${."""
        found = _LITERAL.match(self.text, start)
        return found.end() if found else None


_END_OF: dict[str, Callable[[_Ends, int], int | None]] = {
    "{%": _Ends.tag,
    "{{": _Ends.expression,
    "{#": lambda ends, start: ends.within(start, "#}", _SHORT, "\n"),
    "<?": lambda ends, start: ends.within(start, "?>", _LONG),  # PHP, XML instructions
    "<%": lambda ends, start: ends.within(start, "%>", _LONG),  # ERB, EJS, JSP, ASP
    "${": _Ends.literal,
}


def _covered(part: str) -> str:
    return re.sub(r"[^\r\n]", MARK, part)


def is_masked(value: str) -> bool:
    """Whether a part of it is made by a template."""
    return MARK in value


def unmask(value: str) -> str:
    """A value for people to read, with a sign for what the template makes."""
    return re.sub(f"{MARK}+", "{...}", value)
