"""The split of a data set in a file, so that runs on any machine divide the pictures alike.

    {"format": 1,
     "data": "folder:photos", "seed": 0, "dev_share": 0.2, "test_share": 0.1,
     "splits": {"train": ["a.jpg", ...], "dev": [...], "test": [...]}}

Names are those of the records. Only `format` and `splits` are read; the rest says where the split
comes from. A file written by hand needs no more than these two.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from looksay.data.reading import read_json
from looksay.data.splits import split_name
from looksay.data.writing import write_text
from looksay.errors import DataError

FORMAT = 1
USUAL = ("train", "dev", "test")


def write_splits(
    path: str | os.PathLike[str],
    splits: Mapping[str, str],
    *,
    data: str = "",
    seed: int | None = None,
    dev_share: float | None = None,
    test_share: float | None = None,
) -> None:
    """Write the split of each name, whole or not at all, in the place of a file that was there.

    `data` is the data set's address; it, the seed and the shares only say how the split was made.
    Raises DataError where the file cannot be written.
    """
    names: dict[str, list[str]] = {split: [] for split in USUAL}
    for name, split in sorted(splits.items()):
        names.setdefault(split, []).append(name)
    content = {
        "format": FORMAT,
        "data": data,
        "seed": seed,
        "dev_share": dev_share,
        "test_share": test_share,
        "splits": {split: listed for split, listed in names.items() if listed},
    }
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_splits(path: str | os.PathLike[str]) -> dict[str, str]:
    """The split of each name.

    Raises DataError, naming the file, where it cannot be read, is damaged or of another format,
    lists nothing, or has a name in two splits.
    """
    splits: dict[str, str] = {}
    for written, names in _read_lists(Path(path)).items():
        split = split_name(written)
        if not split or not _is_list_of_names(names):
            raise DataError(f"{path}: the split {written!r} is no list of pictures' names.")
        for name in names:
            if splits.setdefault(name, split) != split:
                raise DataError(
                    f"{path}: {name} is in the splits {splits[name]!r} and {split!r}; "
                    "a picture belongs to one split, so take it out of the other."
                )
    if not splits:
        raise DataError(f"{path} has no picture in any split.")
    return splits


def _read_lists(path: Path) -> dict[str, Any]:
    """What stands under "splits", after a look at the format."""
    content = read_json(path)
    lists = content.get("splits") if isinstance(content, dict) else None
    if not isinstance(lists, dict) or "format" not in content:
        raise DataError(
            f'{path} is no split file: it needs "format" and "splits". '
            "Make one with `looksay data split`."
        )
    if content["format"] != FORMAT:
        raise DataError(
            f"{path} is a split file of format {json.dumps(content['format'])}, and this looksay "
            f"reads format {FORMAT}; make it anew with `looksay data split`."
        )
    return lists


def _is_list_of_names(names: Any) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) and name for name in names)
