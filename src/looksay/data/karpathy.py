"""Karpathy's splits of COCO, Flickr8k and Flickr30k (Karpathy and Fei-Fei 2015), captions included.

    FILE.json   {"images": [{"filename": "COCO_val2014_000000000042.jpg", "filepath": "val2014",
                 "split": "train", "sentences": [{"raw": "A dog.", "tokens": ["a", "dog"]}]}]}

val is dev, and restval, COCO's validation pictures that are neither in val nor in test, is train,
as in the papers that report on these splits. Pictures are looked for in the folder that is given,
or else the file's, there in the picture's `filepath` if it has one, and in the folders that COCO,
Flickr8k and Flickr30k come in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from looksay.data.flickr import FLICKR8K_IMAGES, FLICKR30K_IMAGES
from looksay.data.gathering import Gathering
from looksay.data.reading import ImageFolder, check_name, get_field, read_json
from looksay.data.records import Dataset
from looksay.errors import DataError, UsageError

FORM = "FILE.json[@IMAGES]"
SPLITS = {"train": "train", "restval": "train", "val": "dev", "test": "test"}
PLACES = ("", *dict.fromkeys(("images", *FLICKR8K_IMAGES, *FLICKR30K_IMAGES)))


@dataclass(frozen=True)
class Picture:
    """An entry of the file; `path` is the name with the entry's `filepath` before it."""

    name: str
    path: str
    split: str
    captions: tuple[str, ...]


def load_karpathy(place: str, name: str) -> Dataset:
    """The data set at `place`, "FILE.json" or "FILE.json@IMAGES".

    Raises DataError that names file and picture of what cannot be read.
    """
    file, folder = split_place(place)
    if not folder.is_dir():
        raise DataError(f"The pictures' folder {folder} does not exist.")
    images, gathering = ImageFolder(folder, PLACES), Gathering()
    pictures = _by_name(file, gathering)

    def find(picture: str) -> Path | None:
        in_path = images.find(pictures[picture].path, str(file))
        return in_path or images.find(picture, str(file))

    files = gathering.usable(find)
    if pictures and not files and not any(map(find, pictures)):
        raise DataError(
            f"None of the {len(pictures):,} pictures of {file} is in {folder}; "
            f"say where they are: karpathy:{file}@IMAGES."
        )
    return gathering.dataset(files, {p.name: p.split for p in pictures.values()}, name)


def karpathy_splits(file: Path) -> dict[str, str]:
    """The split (train, dev or test) of every picture's name in one of Karpathy's files."""
    return {name: picture.split for name, picture in _by_name(file, Gathering()).items()}


def split_place(place: str) -> tuple[Path, Path]:
    """The file and the pictures' folder of an address's second half.

    The "@" must follow ".json": other signs of that kind are part of a path, as a Windows drive's
    colon is. Raises UsageError for a place of another form, DataError where there is no such file.
    """
    parts = re.fullmatch(r"(.+?\.json)(?:@(.+))?", place, re.IGNORECASE)
    if parts is None:
        raise UsageError(f"{place!r} is no file of Karpathy's splits; write karpathy:{FORM}.")
    file = Path(parts[1]).expanduser()
    if not file.is_file():
        raise DataError(f"The file of splits {file} does not exist.")
    return file, Path(parts[2]).expanduser() if parts[2] else file.parent


def _by_name(file: Path, gathering: Gathering) -> dict[str, Picture]:
    """The file's pictures, their captions gathered."""
    pictures: dict[str, Picture] = {}
    for picture in _read(file):
        before = pictures.setdefault(picture.name, picture)
        if before is not picture:
            gathering.tally.add("duplicate_images", picture.name)
        if before.split != picture.split:
            raise DataError(
                f"{file}: {picture.name} is in split {before.split!r} and in {picture.split!r}; "
                "a picture belongs to one split."
            )
        gathering.add_picture(picture.name)
        for caption in picture.captions:
            gathering.add_caption(picture.name, caption)
    return pictures


def _read(file: Path) -> Iterator[Picture]:
    content = read_json(file, _without_tokens)
    if isinstance(content, dict) and "annotations" in content:
        raise DataError(
            f"{file} is an annotation file of COCO's, not Karpathy's; write coco:DIR with the "
            "folder that holds annotations/ and the pictures."
        )
    for number, entry in enumerate(get_field(content, "images", list, str(file)), 1):
        yield _picture(entry, f"{file}, picture {number}")


def _picture(entry: Any, where: str) -> Picture:
    name = check_name(get_field(entry, "filename", str, where), where)
    where = f"{where} ({name})"
    folder = get_field(entry, "filepath", str, where) if "filepath" in entry else ""
    split = get_field(entry, "split", str, where)
    if split not in SPLITS:
        raise DataError(f"{where}: split {split!r} is none of {', '.join(SPLITS)}.")
    captions = (_caption(s, where) for s in get_field(entry, "sentences", list, where))
    path = check_name(f"{folder}/{name}" if folder else name, where)
    return Picture(name, path, SPLITS[split], tuple(captions))


def _caption(sentence: Any, where: str) -> str:
    """The sentence as written; its words where only they are there."""
    if not isinstance(sentence, dict) or "raw" in sentence or "tokens" not in sentence:
        return get_field(sentence, "raw", str, where)
    tokens = get_field(sentence, "tokens", list, where)
    if not all(isinstance(token, str) for token in tokens):
        raise DataError(f"{where}: 'tokens' has something else than words in it.")
    return " ".join(tokens)


def _without_tokens(entry: dict[str, Any]) -> dict[str, Any]:
    """An object without the words that it has as a text too: COCO's six million take 500 MB."""
    if "raw" in entry:
        entry.pop("tokens", None)
    return entry
