"""MS-COCO's captions of 2014 and 2017 (Lin et al. 2014, Chen et al. 2015), in COCO's own layout.

    DIR/annotations/captions_train2014.json   {"images": [{"id": 9, "file_name": "name.jpg"}],
                                               "annotations": [{"image_id": 9, "caption": "A dog"}]}
    DIR/annotations/captions_val2014.json     likewise, and the same of 2017
    DIR/train2014/name.jpg, DIR/val2014/...   the photographs; also in DIR/images/train2014 and
                                              DIR/images

COCO's train is train and its val is dev; the captions of its test pictures were never given out. A
data set is of one year: the pictures of 2014 and 2017 are the same, divided in another way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from looksay.data.gathering import Gathering
from looksay.data.reading import ImageFolder, check_name, get_field, read_json
from looksay.data.records import Dataset
from looksay.errors import DataError, UsageError

YEARS = ("2014", "2017")
SPLITS = {"train": "train", "val": "dev"}
# What tells the annotations of COCO's other tasks: the first of these fields that is there.
OTHER_TASKS = {"keypoints": "keypoints", "segments_info": "panoptic", "segmentation": "instances"}
_STEM = re.compile(r"(?:COCO_[a-z]+[0-9]{4}_)?([0-9]{12})")


def load_coco(folder: Path, name: str, year: str = "") -> Dataset:
    """The data set in `folder`, of `year` where it has both.

    Raises UsageError where a year has to be chosen, DataError that names file and entry of what
    cannot be read.
    """
    annotations = _annotation_files(folder, year)
    gathering = Gathering()
    images = _image_folder(folder, annotations)
    splits: dict[str, str] = {}
    for part, file in annotations.items():
        for picture in _read(file, gathering):
            if splits.setdefault(picture, SPLITS[part]) != SPLITS[part]:
                raise DataError(
                    f"{file}: {picture} is in captions_train too; a picture belongs to one split."
                )
    files = gathering.usable(lambda picture: images.find(picture, str(folder)))
    return gathering.dataset(files, splits, name)


def coco_number(stem: str) -> int | None:
    """COCO's number of a picture by its file's name, without folder and suffix: 391895 of
    COCO_val2014_000000391895 and of 000000391895. None of a name that is not COCO's."""
    found = _STEM.fullmatch(stem)
    return int(found[1]) if found else None


def _annotation_files(folder: Path, year: str) -> dict[str, Path]:
    """The caption files of one year by COCO's name of their split."""
    found = {
        known: {
            part: path
            for part in SPLITS
            if (path := folder / "annotations" / f"captions_{part}{known}.json").is_file()
        }
        for known in YEARS
        if year in ("", known)
    }
    years = [known for known, files in found.items() if files]
    if len(years) > 1:
        choices = " or ".join(f"coco{known}:{folder}" for known in years)
        raise UsageError(f"{folder} has the captions of {' and '.join(years)}; write {choices}.")
    if not years:
        wanted = " or ".join(f"captions_train{known}.json" for known in found)
        there = sorted(path.name for path in (folder / "annotations").glob("*.json"))
        raise DataError(
            f"{folder} has no annotations/{wanted}, so its captions are not known"
            f"{f' (there is {there[0]})' if there else ''}."
        )
    return found[years[0]]


def _image_folder(folder: Path, annotations: Mapping[str, Path]) -> ImageFolder:
    """The folders of the annotations' pictures. DataError where none of them is there."""
    parts = [file.stem.removeprefix("captions_") for file in annotations.values()]
    images = ImageFolder(folder, (*parts, *(f"images/{part}" for part in parts), "images"))
    images.require_places()
    return images


def _read(file: Path, gathering: Gathering) -> list[str]:
    """The names of the file's pictures, their captions gathered."""
    content = _check_task(read_json(file), file)
    names: dict[int | str, str] = {}
    for number, entry in enumerate(get_field(content, "images", list, str(file)), 1):
        where = f"{file}, image {number}"
        image_id = get_field(entry, "id", (int, str), where)
        name = check_name(get_field(entry, "file_name", str, where), where)
        if image_id in names or name in gathering.pictures:
            gathering.tally.add("duplicate_images", name)
        gathering.add_picture(names.setdefault(image_id, name))
    for number, entry in enumerate(content["annotations"], 1):
        where = f"{file}, annotation {number}"
        image_id = get_field(entry, "image_id", (int, str), where)
        caption = get_field(entry, "caption", str, where)
        if image_id in names:
            gathering.add_caption(names[image_id], caption)
        else:
            gathering.tally.add("captions_without_picture", str(image_id))
    return list(names.values())


def _check_task(content: Any, file: Path) -> dict[str, Any]:
    """The content of a caption file. DataError for a file of another of COCO's tasks."""
    annotations = get_field(content, "annotations", list, str(file))
    first = annotations[0] if annotations else None
    if isinstance(first, dict) and "caption" not in first:
        for field, task in OTHER_TASKS.items():
            if field in first:
                raise DataError(
                    f"{file} has COCO's {task}, which are no captions; put {file.name} of COCO's "
                    "annotations_trainval archive there."
                )
    return content
