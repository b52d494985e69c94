"""What is known of one image of a site, and what to do about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from looksay.library.alt_text.masking import unmask
from looksay.library.alt_text.places import Place
from looksay.library.sureness import Sureness


class State(enum.Enum):
    """What is to be done about an image; the value is what people and JSON read."""

    HAS_TEXT = "has text"
    DECORATIVE = "decorative"
    SMALL = "small"
    MISSING = "no text"
    READY = "ready"
    REVIEW = "review"
    BY_HAND = "by hand"
    WRITTEN = "written"

    @property
    def needs_text(self) -> bool:
        """Whether the page is not yet right."""
        return self in (State.MISSING, State.READY, State.REVIEW, State.BY_HAND)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One image of a page.

    Args:
        page: the page's path.
        name: the page as people know it, from the site's folder on.
        place: where the image stands in it.
        state: what is to be done.
        reason: why, in a few words; "" where the state says it.
        picture: its file, or the bytes in its address; None where it cannot be looked at.
        key: what tells its content from others'; "" where it cannot be looked at.
        text: the text proposed; "" where there is none.
        sure: how sure the model is of it.
    """

    page: Path
    name: str
    place: Place
    state: State
    reason: str = ""
    picture: Path | bytes | None = None
    key: str = ""
    text: str = ""
    sure: Sureness | None = None

    @property
    def where(self) -> str:
        """`page:line`, which editors and terminals know how to open."""
        return f"{self.name}:{self.place.line}"

    @property
    def source(self) -> str:
        """The picture's address, short enough to be read."""
        source = self.place.sources[0] if self.place.sources else ""
        if source.startswith("data:"):
            return source.partition(",")[0] + ",..."
        return unmask(source)

    @property
    def alt(self) -> str | None:
        """The text that the image has now."""
        return None if self.place.alt is None else unmask(self.place.alt)

    def to_json(self) -> dict[str, Any]:
        """The record of `--json`, of plain Python values."""
        return {
            "page": self.name,
            "line": self.place.line,
            "picture": self.source,
            "alt": self.alt,
            "state": self.state.value,
            "reason": self.reason,
            "text": self.text or None,
            "confidence": None if self.sure is None else round(self.sure.value, 4),
            "confidence_is": None if self.sure is None else self.sure.meaning,
            "alone_in_link": self.place.alone_in_link,
        }
