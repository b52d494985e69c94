"""Photographs as a person keeps them: searched, described on pages, described in themselves.

Here are the parts of the index; `alt_text` and `embed` are packages of their own.
"""

from looksay.library.index import Choices, Index, Steps, open_index
from looksay.library.library import Library, Photograph, Results
from looksay.library.model import Model
from looksay.library.report import Report

__all__ = [
    "Choices",
    "Index",
    "Library",
    "Model",
    "Photograph",
    "Report",
    "Results",
    "Steps",
    "open_index",
]
