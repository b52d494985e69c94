"""From an image's address on a page to the picture's file, which must lie in the site."""

from __future__ import annotations

import base64
import binascii
import os
import posixpath
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urljoin, urlsplit

from looksay.library.alt_text.masking import is_masked

MAX_INLINE_BYTES = 20_000_000

# Where site generators keep what ends up at the site's root.
_ROOTS = ("", "static", "public")


@dataclass(frozen=True)
class Unseen:
    """A picture that is not looked at, and why."""

    reason: str


Picture = Path | bytes


def locate(sources: tuple[str, ...], base: str, page: Path, site: Path) -> Picture | Unseen:
    """The first picture that a page's addresses lead to: a file in the site, or the bytes that the
    address itself holds; else why the first address leads nowhere.

    base: the page's `<base href>`, or "". Nothing is ever fetched, and no file outside `site` is
    opened.
    """
    problems = []
    for source in sources:
        found = _locate(source, base, page, site)
        if not isinstance(found, Unseen):
            return found
        problems.append(found)
    return problems[0] if problems else Unseen("it names no picture (no src)")


def _locate(source: str, base: str, page: Path, site: Path) -> Picture | Unseen:
    if is_masked(source) or (is_masked(base) and not source.startswith("data:")):
        return Unseen("a template makes its address, which can't be resolved")
    try:
        parts = urlsplit(source)
        if parts.scheme.lower() == "data":
            return _inline(source)
        if base and not parts.scheme:
            parts = urlsplit(urljoin(base, source))
    except ValueError:
        return Unseen(f"its address {_short(source)} is no address")
    if parts.scheme.lower() in ("http", "https") or parts.netloc:
        return Unseen("it is on another server, and looksay asks none")
    if parts.scheme and len(parts.scheme) > 1:
        return Unseen(f"its address begins with {parts.scheme}:, which looksay does not follow")
    if not parts.path:
        return Unseen("it names no picture (an empty address)")
    return _find(unquote(parts.path), page, site)


def _find(path: str, page: Path, site: Path) -> Picture | Unseen:
    """The file; a path from the root on is looked for where generators keep such files, too."""
    if "\0" in path:
        return Unseen("its address has a zero byte in it")
    if path.startswith("/"):
        inner = posixpath.normpath(path).lstrip("/")  # no way leads above a server's root
        goals = [site / root / inner for root in _ROOTS]
    else:
        goals = [page.parent / path]
    inside = Path(os.path.realpath(site))
    outside = 0
    for goal in goals:
        try:
            real = Path(os.path.realpath(goal))
            if real != inside and inside not in real.parents:
                outside += 1
            elif real.is_file():
                return real
        except OSError as error:  # a name too long, a folder that may not be read
            return Unseen(f"{_short(path)} cannot be read: {error.strerror or error}")
    if outside == len(goals):
        return Unseen(f"{_short(path)} leads out of the site, and was not opened")
    return Unseen(f"there is no file {_short(path)}")


def _inline(source: str) -> Picture | Unseen:
    head, _, body = source.partition(",")
    if "svg" in head.lower():
        return Unseen("it is an SVG drawing, not a photograph")
    if len(body) > 2 * MAX_INLINE_BYTES:
        return Unseen("the picture in its address is too large")
    try:
        data = unquote_to_bytes(body)
        if head.lower().rstrip().endswith(";base64"):
            data = base64.b64decode(b"".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return Unseen("the picture in its address is damaged")
    return data


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:60] + "..." + text[-15:]
