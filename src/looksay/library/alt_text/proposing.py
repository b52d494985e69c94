"""A site in, findings out: which images need a text, and which text it could be."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from looksay.errors import ImageError, PageError
from looksay.images import ImageLimits
from looksay.images.quiet import quiet
from looksay.images.read import picture_format, read_file
from looksay.library.alt_text.addresses import Unseen, locate
from looksay.library.alt_text.file_names import names_a_file
from looksay.library.alt_text.finding import Finding, State
from looksay.library.alt_text.markdown_images import is_markdown
from looksay.library.alt_text.pages import Page, find_pages, open_page
from looksay.library.alt_text.places import Place
from looksay.library.sureness import how_sure
from looksay.library.wording import MAX_LENGTH, to_alt_text

SMALL_PIXELS = 48


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a person may want otherwise.

    Args:
        max_length: of a text, in characters.
        min_confidence: a text that the model is less sure of waits for review; None: as
            `looksay.library.sureness` has it.
        small_pixels: a picture with both sides shorter is an icon or a spacer and left alone.
        empty_markdown_is_decorative: leave `![](...)` alone; Markdown has no other way to say that
            an image is decorative, but most who write it mean nothing by it.
        root: what addresses that begin with "/" start from; None: the site's folder.
    """

    max_length: int = MAX_LENGTH
    min_confidence: float | None = None
    small_pixels: int = SMALL_PIXELS
    empty_markdown_is_decorative: bool = False
    root: Path | None = None


def examine(
    site: Path, rules: Rules, on_problem: Callable[[PageError], None]
) -> Iterator[tuple[Page, list[Finding]]]:
    """Each page with its images, as far as that can be told without looking at pictures.

    A page that cannot be read goes to `on_problem`, and the others go on.
    """
    folder = site if site.is_dir() else site.parent
    for path in find_pages(site):
        try:
            page = open_page(path, path.relative_to(folder).as_posix())
        except PageError as error:
            on_problem(error)
            continue
        root = rules.root or folder
        yield page, [_judge(place, page, root, rules) for place in page.images.places]


def propose(
    findings: Iterable[Finding],
    captioner: Any,
    rules: Rules,
    options: dict[str, Any],
) -> list[Finding]:
    """The findings with a text for each that is ready for one; each picture is captioned once.

    options: of the captioning.
    """
    findings = list(findings)
    pictures = {finding.key: finding.picture for finding in findings if finding.key}
    made = captioner.caption_many(pictures.values(), with_errors=True, **options)
    captions = dict(zip(pictures, made, strict=True))
    return [
        _word(finding, captions[finding.key], rules) if finding.key else finding
        for finding in findings
    ]


def _judge(place: Place, page: Page, root: Path, rules: Rules) -> Finding:
    finding = Finding(page=page.path, name=page.name, place=place, state=State.BY_HAND)
    settled = _settled(place, page.name, rules)
    if settled is not None:
        return replace(finding, state=settled)
    if place.templated:
        return replace(finding, reason="a template makes a part of it, so it is never touched")
    if place.slot is None:
        return replace(finding, reason="it is written too oddly to be changed safely")
    if _is_small(place.size, rules):
        return _small(finding)
    found = locate(place.sources, page.images.base, page.path, root)
    if isinstance(found, Unseen):
        return replace(finding, reason=found.reason)
    return _look(finding, found, rules)


def _settled(place: Place, name: str, rules: Rules) -> State | None:
    """What the page itself has settled; None where it needs a text."""
    if place.decorative:
        return State.DECORATIVE
    if place.otherwise_named:
        return State.HAS_TEXT
    if place.alt is None:
        return None
    alt = place.alt.strip()
    if not alt:
        assert is_markdown(name), "an empty alt of HTML is decorative"
        return State.DECORATIVE if rules.empty_markdown_is_decorative else None
    if place.templated or not names_a_file(alt, place.sources):
        return State.HAS_TEXT
    return None


def _is_small(size: tuple[int | None, int | None], rules: Rules) -> bool:
    return all(side is not None and side < rules.small_pixels for side in size)


def _small(finding: Finding) -> Finding:
    """An icon is left alone, but not where a link has nothing else to say where it leads."""
    if finding.place.alone_in_link:
        return replace(finding, reason="an icon: its text must say where the link leads")
    return replace(finding, state=State.SMALL)


def _look(finding: Finding, picture: Path | bytes, rules: Rules) -> Finding:
    """Reads the picture, for its size and what tells it from others."""
    name = str(picture) if isinstance(picture, Path) else "the picture in the address"
    limits = ImageLimits()
    try:
        data = read_file(picture, limits) if isinstance(picture, Path) else picture
        kind = picture_format(data, name, limits)
    except ImageError as error:
        return replace(finding, reason=_in_brief(error, name))
    if _is_small(_size(data, kind), rules):
        return _small(finding)
    key = hashlib.sha256(data).hexdigest()
    return replace(finding, state=State.MISSING, picture=picture, key=key)


def _size(data: bytes, kind: str) -> tuple[int | None, int | None]:
    """From the picture's head; unknown where it is damaged, which captioning will say."""
    try:
        with quiet(), Image.open(io.BytesIO(data), formats=[kind]) as image:
            return image.size
    except Exception:  # decoders raise nearly anything on damaged bytes
        return None, None


def _word(finding: Finding, caption: Any, rules: Rules) -> Finding:
    from looksay.captioner import CaptionError

    if isinstance(caption, CaptionError):
        name = str(finding.picture)
        return replace(finding, state=State.BY_HAND, reason=_in_brief(caption.message, name))
    text, sure = to_alt_text(caption.text, rules.max_length), how_sure(caption)
    if not text:
        reason = f"no word of its caption fits into {rules.max_length} characters"
        return replace(finding, state=State.BY_HAND, reason=reason)
    state = State.READY if sure.enough(rules.min_confidence) else State.REVIEW
    return replace(finding, text=text, sure=sure, state=state)


def _in_brief(error: object, name: str) -> str:
    """What is wrong, without the advice and the file's long name, which the line says already."""
    brief = " ".join(str(error).split()).partition("; ")[0].rstrip(".")
    return brief.replace(name, "its picture")
