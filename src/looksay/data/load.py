"""Data sets by their address: kind and folder."""

from __future__ import annotations

from pathlib import Path

from looksay.data.flickr8k import load_flickr8k
from looksay.data.folder import load_folder
from looksay.data.records import Dataset
from looksay.errors import DataError, UsageError

KINDS = ("flickr8k", "folder")


def load_data(
    address: str, *, seed: int = 0, dev_share: float = 0.1, test_share: float = 0.0
) -> Dataset:
    """The data set at `address`: "flickr8k:DIR" or "folder:DIR".

    Flickr8k has its own splits; `seed` and the shares divide those pictures of a folder that name
    no split. What is wrong with single pictures and captions is in the result's `report`.

    Raises UsageError for an address of no known kind, DataError for files that cannot be read, and
    where no picture is left.

    >>> dataset = load_data("folder:holiday")  # doctest: +SKIP
    >>> for record in dataset.split("train"): ...  # doctest: +SKIP
    """
    kind, colon, place = str(address).partition(":")
    if kind not in KINDS or not place:
        forms = " or ".join(f"{known}:DIR" for known in KINDS)
        raise UsageError(f"{address!r} is no data set; write {forms}.")
    folder = Path(place).expanduser()
    if not folder.is_dir():
        raise DataError(f"The data set's folder {folder} does not exist.")
    if kind == "flickr8k":
        dataset = load_flickr8k(folder, str(address))
    else:
        dataset = load_folder(
            folder, str(address), seed=seed, dev_share=dev_share, test_share=test_share
        )
    if not dataset.records:
        raise DataError(f"{address}: nothing is left. {' '.join(dataset.report.sentences())}")
    return dataset
