"""Captions gathered by picture while a data set's files are read: the way of every format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from looksay.data.reading import clean_caption
from looksay.data.records import Dataset, Record, Tally


@dataclass
class Gathered:
    """A picture's captions, and the place of each among all captions of the data set's files."""

    captions: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)


class Gathering:
    """Pictures and captions in the files' order, the captions cleaned; `tally` counts faults."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.pictures: dict[str, Gathered] = {}
        self._num_captions = 0

    def add_picture(self, name: str) -> Gathered:
        """A picture that is listed, even if no caption follows."""
        gathered = self.pictures.get(name)
        if gathered is None:
            gathered = self.pictures[name] = Gathered()
        return gathered

    def add_caption(self, name: str, caption: str) -> None:
        """A caption of a picture, as the file has it."""
        gathered = self.pictures.get(name) or self.add_picture(name)
        text = clean_caption(caption)
        if text in gathered.captions:
            self.tally.add("duplicate_captions", name)
        if text:
            gathered.captions.append(text)
            gathered.places.append(self._num_captions)
        else:
            self.tally.add("empty_captions", name)
        self._num_captions += 1

    def usable(self, find: Callable[[str], Path | None]) -> dict[str, Path]:
        """The file of every picture that has one, and a caption; the others are counted."""
        files = {}
        for name, gathered in self.pictures.items():
            path = find(name)
            if path is None:
                self.tally.add("missing_images", name)
            elif not gathered.captions:
                self.tally.add("images_without_captions", name)
            else:
                files[name] = path
        return files

    def dataset(self, files: Mapping[str, Path], splits: Mapping[str, str], name: str) -> Dataset:
        """Records of the pictures in `files`; one that `splits` does not name is counted."""
        records = []
        for picture, path in files.items():
            if picture in splits:
                records.append(self._record(picture, path, splits[picture]))
            else:
                self.tally.add("unlisted_images", picture)
        return Dataset(tuple(records), self.tally.report(records), name)

    def count_listed_only(self, listed: Iterable[str]) -> None:
        """Count the names of split lists that have no caption."""
        for name in listed:
            if name not in self.pictures:
                self.tally.add("listed_without_captions", name)

    def _record(self, name: str, path: Path, split: str) -> Record:
        gathered = self.pictures[name]
        return Record(path, tuple(gathered.captions), split, name, tuple(gathered.places))
