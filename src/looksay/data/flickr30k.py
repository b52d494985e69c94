"""Flickr30k (Young, Lai, Hodosh and Hockenmaier 2014), read from its token file or Kaggle's table.

    DIR/results_20130124.token        name.jpg#0<TAB>caption, five captions a picture
    DIR/results.csv                   name.jpg| 0| caption, where there is no token file
    DIR/flickr30k-images/name.jpg     the photographs; also in flickr30k_images, or images
    DIR/dataset_flickr30k.json        Karpathy's splits, where wanted

Flickr30k has no splits of its own: they are Karpathy's where his file is there, else those of
`split_by_name`.
"""

from __future__ import annotations

import re
from pathlib import Path

from looksay.data.flickr import FLICKR30K_IMAGES, find_file, read_token_file
from looksay.data.gathering import Gathering
from looksay.data.karpathy import karpathy_splits
from looksay.data.reading import ImageFolder, check_name, read_text
from looksay.data.records import Dataset
from looksay.data.splits import split_by_name
from looksay.errors import DataError

TOKENS, TABLE, SPLITS = "results_20130124.token", "results.csv", "dataset_flickr30k.json"
TEXT_FOLDERS = ("", "flickr30k_images")
# A row of Kaggle's table lacks the second bar: "2199200615.jpg| 4   A dog runs across the grass ."
TABLE_ROW = re.compile(r"([^|]+)\|\s*\d+\s*\|?(.*)")


def load_flickr30k(
    folder: Path, name: str, *, seed: int = 0, dev_share: float = 0.1, test_share: float = 0.0
) -> Dataset:
    """The data set in `folder`. Raises DataError that names file and line of what cannot be read.

    The seed and the shares are those of `split_by_name`.
    """
    gathering = Gathering()
    captions = find_file(folder, TEXT_FOLDERS, TOKENS) or find_file(folder, TEXT_FOLDERS, TABLE)
    if captions is None:
        raise DataError(
            f"{folder} has neither {TOKENS} nor {TABLE}, so its captions are not known."
        )
    images = ImageFolder(folder, FLICKR30K_IMAGES)
    images.require_places()
    read = read_token_file if captions.name == TOKENS else _read_table
    read(captions, gathering)
    files = gathering.usable(lambda picture: images.find(picture, str(captions)))
    split_file = find_file(folder, TEXT_FOLDERS, SPLITS)
    if split_file is None:
        splits = split_by_name(files, seed=seed, dev_share=dev_share, test_share=test_share)
    else:
        splits = karpathy_splits(split_file)
        gathering.count_listed_only(splits)
    return gathering.dataset(files, splits, name)


def _read_table(path: Path, gathering: Gathering) -> None:
    """Gather the captions of Kaggle's table; quotation marks mean nothing in it."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip() or (number == 1 and line.startswith("image_name")):
            continue
        row = TABLE_ROW.fullmatch(line)
        if row is None:
            raise DataError(f"{path}, line {number}: not of the form name.jpg| 0| caption.")
        gathering.add_caption(check_name(row[1], f"{path}, line {number}"), row[2])
