"""The facade: pictures in, captions out."""

from looksay.captioner.caption import Caption, CaptionError
from looksay.captioner.captioner import Captioner, load

__all__ = ["Caption", "CaptionError", "Captioner", "load"]
