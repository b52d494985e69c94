"""A photo library: an index of captioned photographs, kept current and searched."""

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
