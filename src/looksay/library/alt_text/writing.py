"""Texts put into a page: those attributes change, and no other byte of it."""

from __future__ import annotations

from collections.abc import Sequence

from looksay.errors import PageError
from looksay.files import replace_file
from looksay.library.alt_text.finding import Finding
from looksay.library.alt_text.page_text import read_page
from looksay.library.alt_text.pages import Page, find_images
from looksay.library.alt_text.places import Place


def fill_in(page: Page, findings: Sequence[Finding]) -> bytes:
    """The page's bytes with the findings' texts in their places.

    The result is read once more: each of these images must have its new text, and everything else
    on the page must be as it was. PageError where that is not so.
    """
    text = page.text.text
    wanted = {finding.place.offset: finding for finding in findings}
    parts, done = [], 0
    for finding in sorted(findings, key=_slot_start):
        slot = finding.place.slot
        assert slot is not None and slot.start >= done
        parts += [text[done : slot.start], slot.fill(finding.text)]
        done = slot.end
    edited = "".join([*parts, text[done:]])
    data = page.text.encode(edited)
    if not _is_as_meant(page, wanted, data):
        raise PageError(
            f"{page.path} is written in a way that looksay cannot change safely; it is as it was. "
            "Put the texts in by hand."
        )
    return data


def write_page(page: Page, data: bytes) -> None:
    """Puts the new bytes in the page's place, in one step. PageError where the page has changed
    since it was read, or cannot be written; it is then as it was."""
    if read_page(page.path) != page.data:
        raise PageError(f"{page.path} has changed in the meantime and was left alone; run again.")
    try:
        replace_file(page.path, data)
    except OSError as error:
        raise PageError(
            f"{page.path} cannot be written: {error.strerror or error}. It is as it was."
        ) from error


def _slot_start(finding: Finding) -> int:
    assert finding.place.slot is not None, "what cannot be placed is never ready"
    return finding.place.slot.start


def _is_as_meant(page: Page, wanted: dict[int, Finding], data: bytes) -> bool:
    try:
        text = data.decode(page.text.encoding)
    except UnicodeDecodeError:
        return False
    after = find_images(text, page.name).places
    before = page.images.places
    if len(before) != len(after):
        return False
    return all(
        _meaning(new) == _meaning(old)
        and new.alt == (wanted[old.offset].text if old.offset in wanted else old.alt)
        for old, new in zip(before, after, strict=True)
    )


def _meaning(place: Place) -> tuple[object, ...]:
    """All of an image that a new text must not change."""
    return place.sources, place.otherwise_named, place.templated, place.size, place.line
