"""Data sets as records: a picture's file, its captions, its split."""

from looksay.data.load import load_data
from looksay.data.records import DataReport, Dataset, Record
from looksay.data.samples import sample_captions

__all__ = ["DataReport", "Dataset", "Record", "load_data", "sample_captions"]
