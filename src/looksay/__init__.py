"""looksay looks at a picture, says what it shows, and shows where it looked for every word.

Example:
    >>> import looksay
    >>> captioner = looksay.load()
    >>> captioner("photo.jpg").text
    'a brown dog runs through the grass'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from looksay.captioner import Caption, Captioner, CaptionError, load

__version__ = "0.1.0"
__all__ = ["Caption", "CaptionError", "Captioner", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Captioning is imported when it is first used, so that `import looksay` costs nothing."""
    if name in __all__:
        import importlib

        return getattr(importlib.import_module("looksay.captioner"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
