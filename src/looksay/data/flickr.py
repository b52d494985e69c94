"""What Flickr8k and Flickr30k share: the form of their captions, and where their files lie."""

from __future__ import annotations

from pathlib import Path

from looksay.data.gathering import Gathering
from looksay.data.reading import check_name, read_text
from looksay.errors import DataError

FLICKR8K_IMAGES = ("Flicker8k_Dataset", "Flickr8k_Dataset", "Images")
# Kaggle's archive has a folder flickr30k_images in its folder flickr30k_images.
FLICKR30K_IMAGES = (
    "flickr30k-images",
    "flickr30k_images",
    "flickr30k_images/flickr30k_images",
    "images",
)


def read_token_file(path: Path, gathering: Gathering) -> None:
    """Gather the captions of a file of lines name.jpg#0<TAB>caption.

    Raises DataError, naming the line, for one of another form.
    """
    keys: set[str] = set()
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        key, tab, caption = line.partition("\t")
        name, mark, _ = key.rpartition("#")
        if not tab or not mark:
            raise DataError(f"{path}, line {number}: not of the form name.jpg#0<TAB>caption.")
        name = check_name(name, f"{path}, line {number}")
        if key in keys:
            gathering.tally.add("duplicate_images", name)
        keys.add(key)
        gathering.add_caption(name, caption)


def find_file(folder: Path, places: tuple[str, ...], name: str) -> Path | None:
    """The file of that name in the first of the places below `folder` that has one."""
    paths = (folder / place / name for place in places)
    return next((path for path in paths if path.is_file()), None)
