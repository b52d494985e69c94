"""The attributes of one start tag, each with its place in the source.

The parser says where a tag begins and what it means; this says where its attributes stand, by the
rules of the HTML standard's tokenizer (https://html.spec.whatwg.org/#before-attribute-name-state).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG_NAME = re.compile(r"<[A-Za-z][^ \t\n\f\r/>]*")
_GAP = re.compile(r"[ \t\n\f\r/]*")
_NAME = re.compile(r"=?[^ \t\n\f\r/>=]*")
_EQUALS = re.compile(r"[ \t\n\f\r]*=[ \t\n\f\r]*")
_UNQUOTED = re.compile(r"[^ \t\n\f\r>]*")


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute: `source[start:end]`; its value without quotes `source[value_start:value_end]`.

    quote: `"` or `'`; "" for a bare value; None where there is no value at all.
    """

    name: str
    start: int
    end: int
    value_start: int
    value_end: int
    quote: str | None


def scan_tag(source: str, start: int) -> list[Attribute] | None:
    """The attributes of the start tag at `start`, in order; None where there is no whole tag."""
    name = _TAG_NAME.match(source, start)
    if name is None:
        return None
    attributes: list[Attribute] = []
    place = name.end()
    while True:
        place = _end(_GAP, source, place)
        if place >= len(source):
            return None
        if source[place] == ">":
            return attributes
        attribute = _scan_attribute(source, place)
        if attribute is None:
            return None
        attributes.append(attribute)
        place = attribute.end


def _scan_attribute(source: str, start: int) -> Attribute | None:
    name_end = _end(_NAME, source, start)
    name = source[start:name_end].lower()
    equals = _EQUALS.match(source, name_end)
    if equals is None:
        return Attribute(
            name=name,
            start=start,
            end=name_end,
            value_start=name_end,
            value_end=name_end,
            quote=None,
        )
    place, quote = equals.end(), ""
    if source[place : place + 1] in ('"', "'"):
        quote = source[place]
        value_start, value_end = place + 1, source.find(quote, place + 1)
        if value_end < 0:
            return None
    else:
        value_start, value_end = place, _end(_UNQUOTED, source, place)
    return Attribute(
        name=name,
        start=start,
        end=value_end + len(quote),
        value_start=value_start,
        value_end=value_end,
        quote=quote,
    )


def _end(pattern: re.Pattern[str], source: str, place: int) -> int:
    found = pattern.match(source, place)
    assert found is not None, "these patterns match nothing at least"
    return found.end()
