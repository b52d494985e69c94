"""Flickr8k (Hodosh, Young and Hockenmaier 2013), read from its own text files.

    DIR/Flickr8k.token.txt            name.jpg#0<TAB>caption, five captions a picture
    DIR/Flickr_8k.trainImages.txt     a name a line; devImages and testImages likewise
    DIR/Flicker8k_Dataset/name.jpg    the photographs (the misspelling is the original's)

The text files may also lie in DIR/Flickr8k_text, the photographs in Flickr8k_Dataset or Images. The
original token file names a picture that does not exist ("2258277193_586949ec62.jpg.1"), and 91
pictures are in none of its lists: both are counted and left out.
"""

from __future__ import annotations

from pathlib import Path

from looksay.data.flickr import FLICKR8K_IMAGES, find_file, read_token_file
from looksay.data.gathering import Gathering
from looksay.data.reading import ImageFolder, read_text
from looksay.data.records import Dataset, Tally
from looksay.errors import DataError

TOKENS = "Flickr8k.token.txt"
TEXT_FOLDERS = ("", "Flickr8k_text")
# A name in two lists belongs to the first of these, so that nothing is trained on and tested too.
LISTS = {split: f"Flickr_8k.{split}Images.txt" for split in ("test", "dev", "train")}


def load_flickr8k(folder: Path, name: str) -> Dataset:
    """The pictures of the split lists that are there. Raises DataError where nothing is left."""
    gathering = Gathering()
    token_file = find_file(folder, TEXT_FOLDERS, TOKENS)
    if token_file is None:
        raise DataError(f"{folder} has no {TOKENS}, not in Flickr8k_text either.")
    images = ImageFolder(folder, FLICKR8K_IMAGES)
    images.require_places()
    read_token_file(token_file, gathering)
    splits = _read_lists(folder, gathering.tally)
    gathering.count_listed_only(splits)
    files = gathering.usable(lambda picture: images.find(picture, str(token_file)))
    return gathering.dataset(files, splits, name)


def _read_lists(folder: Path, tally: Tally) -> dict[str, str]:
    """The split of every name in the lists."""
    splits: dict[str, str] = {}
    found = False
    for split, file_name in LISTS.items():
        path = find_file(folder, TEXT_FOLDERS, file_name)
        if path is None:
            continue
        found = True
        for name in filter(None, map(str.strip, read_text(path).split("\n"))):
            if name in splits:
                tally.add("listed_twice", name)
            splits.setdefault(name, split)
    if not found:
        raise DataError(f"{folder} has no split list; it needs one of {', '.join(LISTS.values())}.")
    return splits
