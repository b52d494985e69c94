"""How large a picture may be before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

from looksay.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class ImageLimits:
    """The largest file, and the most pixels, that are read.

    Both are checked before anything is decoded: a few kilobytes of PNG can unfold to gigabytes.
    The defaults let a 108-megapixel telephone photograph through.
    """

    max_bytes: int = 128 * 2**20
    max_pixels: int = 128_000_000

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pixels"):
            value = getattr(self, name)
            if value < 1:
                raise UsageError(f"ImageLimits: {name} must be at least 1, not {value}.")


DEFAULT_LIMITS = ImageLimits()
