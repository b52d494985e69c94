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

from looksay.data.reading import ImageFolder, check_name, clean_caption, read_text
from looksay.data.records import Dataset, Record, Tally
from looksay.errors import DataError

TOKENS = "Flickr8k.token.txt"
TEXT_FOLDERS = ("", "Flickr8k_text")
IMAGE_FOLDERS = ("Flicker8k_Dataset", "Flickr8k_Dataset", "Images")
# A name in two lists belongs to the first of these, so that nothing is trained on and tested too.
LISTS = {split: f"Flickr_8k.{split}Images.txt" for split in ("test", "dev", "train")}


def load_flickr8k(folder: Path, name: str) -> Dataset:
    """The pictures of the split lists that are there. Raises DataError where nothing is left."""
    tally = Tally()
    token_file = _find_text(folder, TOKENS)
    if token_file is None:
        raise DataError(f"{folder} has no {TOKENS}, not in Flickr8k_text either.")
    images = ImageFolder(_image_folder(folder), inside=folder)
    captions = _read_captions(token_file, tally)
    splits = _read_lists(folder, tally)
    records = []
    for image, texts in captions.items():
        split = splits.pop(image, None)
        path = images.find(image, str(token_file))
        if path is None:
            tally.add("missing_images", image)
        elif split is None:
            tally.add("unlisted_images", image)
        elif not texts:
            tally.add("images_without_captions", image)
        else:
            records.append(Record(path, tuple(texts), split))
    for image in splits:
        tally.add("listed_without_captions", image)
    return Dataset(tuple(records), tally.report(tuple(records)), name)


def _read_captions(path: Path, tally: Tally) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = {}
    numbers: set[str] = set()
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        key, tab, text = line.partition("\t")
        image, mark, _ = key.rpartition("#")
        if not tab or not mark:
            raise DataError(f"{path}, line {number}: not of the form name.jpg#0<TAB>caption.")
        if key in numbers:
            tally.add("duplicate_images", image)
        numbers.add(key)
        texts = captions.setdefault(check_name(image, f"{path}, line {number}"), [])
        text = clean_caption(text)
        if text in texts:
            tally.add("duplicate_captions", image)
        if text:
            texts.append(text)
        else:
            tally.add("empty_captions", image)
    return captions


def _read_lists(folder: Path, tally: Tally) -> dict[str, str]:
    """The split of every name in the lists."""
    splits: dict[str, str] = {}
    found = False
    for split, file_name in LISTS.items():
        path = _find_text(folder, file_name)
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


def _find_text(folder: Path, name: str) -> Path | None:
    paths = (folder / place / name for place in TEXT_FOLDERS)
    return next((path for path in paths if path.is_file()), None)


def _image_folder(folder: Path) -> Path:
    paths = (folder / place for place in IMAGE_FOLDERS)
    found = next((path for path in paths if path.is_dir()), None)
    if found is None:
        raise DataError(f"{folder} has no photographs in {', '.join(IMAGE_FOLDERS)}.")
    return found
