"""What is no page yet: the parts of a template that become something else before anyone reads it.

They are covered by a mark of the same length, so that the parsers pass over them and every place
keeps its number.
"""

from __future__ import annotations

import re

MARK = "\ue000"  # a private character: no space, no sign of HTML or Markdown, in no page

_PARTS = (
    # blocks that show or drop what they hold: Liquid, Jinja, Twig, Hugo
    r"\{%-?\s*(?P<block>comment|raw|verbatim|highlight)\b[^%]{0,200}%\}"
    r".*?\{%-?\s*end(?P=block)\s*-?%\}",
    r"\{\{[<%]\s*highlight\b.*?\{\{[<%]\s*/\s*highlight\b.{0,20}?[>%]\}\}",
    # Jinja, Liquid, Twig, Handlebars, Hugo, Go, Angular, Vue
    r"\{\{(?:(?!\{\{).){0,1000}?\}\}+",
    r"\{%(?:(?!\{%).){0,1000}?%\}",
    r"\{#[^\n]{0,1000}?#\}",
    # PHP, XML instructions; ERB, EJS, JSP, ASP
    r"<\?.{0,20000}?\?>",
    r"<%.{0,20000}?%>",
    # template literals, Thymeleaf, JSP
    r"\$\{[^{}\n]{0,500}\}",
)
_TEMPLATE = re.compile("|".join(_PARTS), re.DOTALL)
_PHP_TO_THE_END = re.compile(r"<\?(?:php|=).*\Z", re.DOTALL)
_FRONT_MATTER = re.compile(r"\A\ufeff?(---|\+\+\+)[ \t]*\r?\n.*?^\1[ \t]*\r?$", re.DOTALL | re.M)


def mask_templates(text: str) -> str:
    """The text with its template parts covered, of the same length and with the same lines."""
    text = _FRONT_MATTER.sub(lambda found: re.sub(r"[^\r\n]", " ", found[0]), text)
    # Parsers drop a byte order mark, and every place would shift.
    text = text.replace("\ufeff", " ", 1) if text.startswith("\ufeff") else text
    text = _TEMPLATE.sub(_cover, text)
    return _PHP_TO_THE_END.sub(_cover, text)


def _cover(found: re.Match[str]) -> str:
    return re.sub(r"[^\r\n]", MARK, found[0])


def is_masked(value: str) -> bool:
    """Whether a part of it is made by a template."""
    return MARK in value


def unmask(value: str) -> str:
    """A value for people to read, with a sign for what the template makes."""
    return re.sub(f"{MARK}+", "{...}", value)
