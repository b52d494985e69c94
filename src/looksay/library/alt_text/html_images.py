"""The images of an HTML page, found by an HTML parser that says where each tag stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from looksay.errors import MissingExtraError
from looksay.library.alt_text.around import NAMES, Around
from looksay.library.alt_text.masking import is_masked
from looksay.library.alt_text.places import Images, Lines, Place, Slot
from looksay.library.alt_text.tags import Attribute, scan_tag

if TYPE_CHECKING:
    from justhtml import Element

# Scripts that load pictures late keep the address there and a placeholder in src.
_LATE = ("data-src", "data-original", "data-lazy-src", "data-lazy")
_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_ADDRESSES = ("src", *_LATE, *_SETS)
_PIXELS = re.compile(r"\s*(\d{1,6})(?:\.\d+)?\s*(?:px)?\s*\Z")


def find_html_images(masked: str, lines: Lines, start: int = 0) -> Images:
    """The images of a page whose templates are masked.

    start: where `masked` begins in the page that `lines` counts (for a part of a page).
    """
    if "<im" not in masked.lower():
        return Images(places=())
    nodes = list(_walk(_parse(masked)))
    base = next((node.attrs.get("href") for node in nodes if node.name == "base"), None)
    around = Around()
    places = (_place(node, masked, lines, start, around) for node in nodes if _is_image(node))
    return Images(places=tuple(place for place in places if place is not None), base=base or "")


def _parse(masked: str) -> Any:
    try:
        from justhtml import JustHTML
    except ImportError as error:
        raise MissingExtraError(
            'Reading pages needs two libraries; install them with: pip install "looksay[alt-text]"'
        ) from error
    # Without scripting the parser looks into <noscript>, where late-loaded pictures stand again.
    return JustHTML(masked, sanitize=False, track_node_locations=True, scripting_enabled=False).root


def _walk(root: Any) -> Iterator[Element]:
    """Every element, in the order of the source; templates and their contents too."""
    stack = [root]
    while stack:
        node = stack.pop()
        if getattr(node, "attrs", None) is not None:
            yield node
        inside = list(node.children or ())
        content = getattr(node, "template_content", None)
        if content is not None:
            inside.append(content)
        stack.extend(reversed(inside))


def _is_image(node: Element) -> bool:
    return node.name == "img" and node.namespace in (None, "html")


def _place(node: Element, masked: str, lines: Lines, start: int, around: Around) -> Place | None:
    offset = node.origin_offset
    if offset is None:  # put there by the parser, not by the page
        return None
    attrs = {name.lower(): value or "" for name, value in node.attrs.items()}
    scanned = scan_tag(masked, offset)
    slot = None if scanned is None else _slot(scanned, attrs, masked, offset, start)
    alt = attrs.get("alt")
    return Place(
        offset=start + offset,
        line=lines.number(start + offset),
        sources=_sources(node, attrs),
        alt=alt,
        decorative=(alt is not None and not alt.strip()) or around.is_hidden(node),
        otherwise_named=any(attrs.get(name, "").strip() for name in NAMES),
        templated=is_masked(alt or "") or any(is_masked(name) for name in attrs),
        alone_in_link=around.is_alone_in_link(node),
        size=(_pixels(attrs.get("width")), _pixels(attrs.get("height"))),
        slot=slot,
    )


def _slot(
    scanned: list[Attribute], attrs: dict[str, str], masked: str, offset: int, start: int
) -> Slot | None:
    """Where the text goes: into the first `alt`, else behind what names the picture."""
    if {attribute.name for attribute in scanned} != set(attrs):
        return None  # parser and scanner disagree: hands off
    if masked[offset + 1 : offset + 4].lower() != "img":  # <image>, which browsers take for <img>
        return None
    first: dict[str, Attribute] = {}
    for attribute in scanned:
        first.setdefault(attribute.name, attribute)
    alt = first.get("alt")
    if alt is not None and alt.quote:
        return Slot(start=start + alt.value_start, end=start + alt.value_end, quote=alt.quote)
    beside = next((first[name] for name in _ADDRESSES if name in first), None)
    quote = (beside.quote if beside else None) or '"'
    if alt is not None:  # bare, or without a value
        return Slot(
            start=start + alt.value_start,
            end=start + alt.value_end,
            before=quote if alt.quote == "" else f"={quote}",
            after=quote,
            quote=quote,
        )
    # behind the address; behind the tag's name where the address stands elsewhere (<picture>)
    tag_end = start + offset + len("<img")
    end = start + beside.end if beside else tag_end
    name = "ALT" if masked[offset + 1 : offset + 4].isupper() else "alt"
    return Slot(start=end, end=end, before=f" {name}={quote}", after=quote, quote=quote)


def _sources(node: Element, attrs: dict[str, str]) -> tuple[str, ...]:
    found = [attrs[name].strip() for name in (*_LATE, "src") if attrs.get(name, "").strip()]
    sets = [attrs[name] for name in _SETS if name in attrs]
    parent = node.parent
    if parent is not None and parent.name == "picture":
        sets += [
            value or ""
            for sibling in parent.children or ()
            if sibling.name == "source"
            for name, value in sibling.attrs.items()
            if name in _SETS
        ]
    found += [address for one in sets if (address := _first_of_set(one))]
    return tuple(dict.fromkeys(found))


def _first_of_set(srcset: str) -> str:
    """The first address of a srcset: up to a space; a comma may end it but is part of it inside."""
    words = srcset.split()
    return words[0].strip(",") if words else ""


def _pixels(value: str | None) -> int | None:
    found = _PIXELS.match(value or "")
    return int(found[1]) if found else None
