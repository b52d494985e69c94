"""Data sets by their address: the kind, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from looksay.data import karpathy, webdataset
from looksay.data.coco import load_coco
from looksay.data.flickr8k import load_flickr8k
from looksay.data.flickr30k import load_flickr30k
from looksay.data.folder import load_folder
from looksay.data.records import Dataset, Tally
from looksay.data.samples import sample_captions
from looksay.errors import DataError, UsageError
from looksay.places import is_url

# What follows the colon of each kind's address.
KINDS = {
    "coco": "DIR",
    "coco2014": "DIR",
    "coco2017": "DIR",
    "flickr8k": "DIR",
    "flickr30k": "DIR",
    "karpathy": karpathy.FORM,
    "folder": "DIR",
    "webdataset": webdataset.FORM,
}
FORMS = tuple(f"{kind}:{place}" for kind, place in KINDS.items())


def load_data(
    address: str,
    *,
    seed: int = 0,
    dev_share: float = 0.1,
    test_share: float = 0.0,
    split_file: Path | str | None = None,
    sample: int = 0,
    sample_order: str = "random",
    sample_seed: int = 0,
    sample_dev_share: float = 0.2,
    streamed: bool = False,
    index_folder: Path | None = None,
) -> Dataset:
    """The data set at `address`: "coco:DIR", "coco2014:DIR", "coco2017:DIR", "flickr8k:DIR",
    "flickr30k:DIR", "karpathy:FILE.json", "karpathy:FILE.json@IMAGES", "folder:DIR" or
    "webdataset:PATTERN".

    `seed` and the shares divide pictures whose data set names no split. A `split_file`, as `looksay
    data split` writes it, replaces the data set's own splits. A `sample` is that many training
    captions, drawn by `sample_captions`. What is wrong with single pictures and captions is in the
    result's `report`.

    With an `index_folder`, which keeps what is in them, shards may lie in a store
    ("webdataset:s3://bucket/{000..099}.tar"); these, and with `streamed` shards on a disk too, make
    a `looksay.data.streamed.StreamedDataset`.

    Raises UsageError for an address of no known kind, DataError for files that cannot be read, and
    where no picture is left.

    >>> dataset = load_data("folder:holiday")  # doctest: +SKIP
    >>> for record in dataset.split("train"): ...  # doctest: +SKIP
    """
    shares: dict[str, Any] = {"seed": seed, "dev_share": dev_share, "test_share": test_share}
    kind, _, place = str(address).partition(":")
    if streamed and kind != "webdataset":
        raise UsageError(
            f"{address}: only shards can be streamed; write webdataset:PATTERN, or leave out "
            "features.streamed."
        )
    if index_folder is not None and kind == "webdataset" and (streamed or is_url(place)):
        from looksay.data.streamed import load_streamed

        dataset: Dataset = load_streamed(place, str(address), index_folder, **shares)
    else:
        dataset = _read(str(address), shares)
    if split_file is not None:
        from looksay.data.split_file import read_splits

        dataset = _divide(dataset, read_splits(Path(split_file)), str(split_file))
    if not dataset.records:
        raise DataError(f"{address}: nothing is left. {' '.join(dataset.report.sentences())}")
    if not sample:
        return dataset
    return sample_captions(
        dataset, sample, order=sample_order, seed=sample_seed, dev_share=sample_dev_share
    )


def _read(address: str, shares: dict[str, Any]) -> Dataset:
    kind, _, place = address.partition(":")
    if kind not in KINDS or not place:
        raise UsageError(
            f"{address!r} is no data set; write {', '.join(FORMS[:-1])} or {FORMS[-1]}."
        )
    if kind == "karpathy":
        return karpathy.load_karpathy(place, address)
    if kind == "webdataset":
        return webdataset.load_webdataset(place, address, **shares)
    folder = Path(place).expanduser()
    if folder.is_file():
        raise DataError(f"{folder} is a file; {kind}: needs the folder that the data set lies in.")
    if not folder.is_dir():
        raise DataError(f"The data set's folder {folder} does not exist.")
    if kind == "flickr8k":
        return load_flickr8k(folder, address)
    if kind.startswith("coco"):
        return load_coco(folder, address, kind.removeprefix("coco"))
    load = {"flickr30k": load_flickr30k, "folder": load_folder}[kind]
    return load(folder, address, **shares)


def _divide(dataset: Dataset, splits: Mapping[str, str], file: str) -> Dataset:
    """The data set with the splits of a file, without the pictures that it does not name."""
    tally = Tally()
    records = []
    for record in dataset.records:
        if record.name in splits:
            records.append(replace(record, split=splits[record.name]))
        else:
            tally.add("not_in_split_file", record.name)
    names = {record.name for record in dataset.records}
    for name in splits:
        if name not in names:
            tally.add("missing_from_data", name)
    return dataset.with_records(records, tally=tally, note=f"Splits are those of {file}.")
