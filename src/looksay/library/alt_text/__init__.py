"""Alternative text for the images of a site's pages: found missing, proposed, put in."""

from looksay.library.alt_text.finding import Finding, State
from looksay.library.alt_text.proposing import Rules
from looksay.library.alt_text.visit import Visit, visit

__all__ = ["Finding", "Rules", "State", "Visit", "visit"]
