"""An evaluation as one HTML file: scores, charts, and every picture with its caption."""

from looksay.evaluation.report.page import About, report_html, write_report
from looksay.evaluation.report.pictures import pack_looks
from looksay.evaluation.report.thumbnails import DEFAULT_PIXELS, Thumbnails

__all__ = [
    "DEFAULT_PIXELS",
    "About",
    "Thumbnails",
    "pack_looks",
    "report_html",
    "write_report",
]
