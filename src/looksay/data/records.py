"""Records, the data set they make, and the report of what was wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from looksay.errors import DataError

NUM_EXAMPLES = 3  # names a report's sentence shows


@dataclass(frozen=True)
class Record:
    """A picture with its captions, as written, and the split it belongs to.

    `name` tells pictures of a data set apart: the file's name, or in a folder with folders inside
    the path below it ("beach/1.jpg"). `places` are the captions' places among all captions of the
    data set's files, where they are known: a picture's captions need not stand together there.
    A record of which captions were removed knows them no longer.
    """

    image: Path
    captions: tuple[str, ...]
    split: str
    name: str = ""
    places: tuple[int, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.image.name)
        if len(self.places) != len(self.captions):
            object.__setattr__(self, "places", ())


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """What was kept and what was wrong, in numbers; `examples` has a few names for each field.

    `notes` are sentences about what was done with the data set after it was read.
    """

    images: int = 0
    captions: int = 0
    missing_images: int = 0  # captions, but no file
    empty_captions: int = 0
    images_without_captions: int = 0  # nothing but empty captions
    duplicate_captions: int = 0  # kept: scorers count every reference
    duplicate_images: int = 0  # a name given twice; its captions are put together
    unlisted_images: int = 0  # captions and a file, but in no split list
    listed_without_captions: int = 0  # in a split list, but nowhere else
    listed_twice: int = 0  # in two split lists, or twice in one
    captions_without_picture: int = 0  # of a picture that the file does not list
    not_in_split_file: int = 0  # a usable picture that the split file does not name
    missing_from_data: int = 0  # in the split file, but no usable picture
    notes: tuple[str, ...] = ()
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """A sentence for what was kept, the notes, and one for every kind of fault there was."""
        kept = f"{count(self.images, 'picture')} with {count(self.captions, 'caption')} kept."
        return [kept, *self.notes, *(self._fault(name) for name in FAULTS if getattr(self, name))]

    def _fault(self, name: str) -> str:
        singular, plural, consequence = FAULTS[name]
        number = getattr(self, name)
        names = list(self.examples.get(name, ()))
        if names and number > len(names):
            names.append("...")
        shown = f" ({', '.join(names)})" if names else ""
        return f"{number:,} {singular if number == 1 else plural}{shown}: {consequence}."


# A fault of one, of several, and what was done about it.
FAULTS = {
    "missing_images": ("picture has no file", "pictures have no file", "left out"),
    "empty_captions": ("caption is empty", "captions are empty", "left out"),
    "images_without_captions": (
        "picture has no caption with a word in it",
        "pictures have no caption with a word in it",
        "left out",
    ),
    "duplicate_captions": (
        "caption stands twice with its picture",
        "captions stand twice with their picture",
        "kept, as every caption counts as a reference",
    ),
    "duplicate_images": (
        "picture is listed more than once",
        "pictures are listed more than once",
        "captions put together",
    ),
    "unlisted_images": ("picture is in no split list", "pictures are in no split list", "left out"),
    "listed_without_captions": (
        "name in the split lists has no caption",
        "names in the split lists have no caption",
        "left out",
    ),
    "listed_twice": (
        "name stands twice in the split lists",
        "names stand twice in the split lists",
        "counted once, for test before dev before train",
    ),
    "captions_without_picture": (
        "caption is of a picture that is not listed",
        "captions are of pictures that are not listed",
        "left out",
    ),
    "not_in_split_file": (
        "picture is not in the split file",
        "pictures are not in the split file",
        "left out",
    ),
    "missing_from_data": (
        "picture of the split file is not in the data set",
        "pictures of the split file are not in the data set",
        "left out",
    ),
}


@dataclass(frozen=True)
class Dataset:
    """Records with a report. Splits are by picture: no picture is in two of them."""

    records: tuple[Record, ...]
    report: DataReport
    name: str

    @property
    def kind(self) -> str:
        """The name without the folder, which is nobody's business."""
        return self.name.partition(":")[0]

    @property
    def address_for_others(self) -> str:
        """What whoever has such data gives as --data, a word in place of the folder or file."""
        return f"{self.kind}:FILE.json" if self.kind == "karpathy" else f"{self.kind}:DIR"

    @property
    def splits(self) -> dict[str, int]:
        """The splits that exist, each with its number of pictures."""
        return dict(Counter(record.split for record in self.records))

    def split(self, name: str) -> tuple[Record, ...]:
        """The records of a split. DataError, naming the splits that exist, where there is none."""
        chosen = tuple(record for record in self.records if record.split == name)
        if not chosen:
            existing = ", ".join(f"{split} ({count:,})" for split, count in self.splits.items())
            raise DataError(
                f"{self.name} has no split {name!r}; it has {existing or 'none'}. To divide it, "
                "run `looksay data split DATA --output splits.json` and add --splits splits.json."
            )
        return chosen

    def with_records(
        self, records: Sequence[Record], *, tally: Tally | None = None, note: str = ""
    ) -> Dataset:
        """The data set with other records, and a report of them that has the note and the faults
        that `tally` counted beside its own."""
        tally = tally or Tally()
        notes = (*self.report.notes, note) if note else self.report.notes
        report = replace(tally.report(records, self.report), notes=notes)
        return replace(self, records=tuple(records), report=report)


class Tally:
    """Counts faults while a data set is read, and remembers a few names of each kind."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, tuple[str, ...]] = {}

    def add(self, fault: str, name: str) -> None:
        self._counts[fault] += 1
        examples = self._examples.get(fault, ())
        if len(examples) < NUM_EXAMPLES and name not in examples:
            self._examples[fault] = (*examples, name)

    def report(self, records: Sequence[Record], earlier: DataReport | None = None) -> DataReport:
        """What was counted, added to an earlier report's faults, with the numbers of `records`."""
        earlier = earlier or DataReport()
        counts = {name: number + getattr(earlier, name) for name, number in self._counts.items()}
        return replace(
            earlier,
            images=len(records),
            captions=sum(len(record.captions) for record in records),
            examples={**earlier.examples, **self._examples},
            **counts,
        )


def count(number: int, noun: str) -> str:
    """The number with its noun, in the plural where there is not one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
