"""WebDataset shards: tar archives with photographs and captions, which are not unpacked.

    shards/train-000.tar   0007.jpg with 0007.txt, its captions, a line each;
                           or 0007.json: {"caption": "A dog."}, "captions" or "text", a text or a
                           list of them; "split" if wanted. Where both are there, the JSON's count:
                           tools write the same caption into both.

An address has a shard, a folder of shards, or a pattern: "shards/train-{000..099}.tar",
"shards/*.tar"; those in a store are read by `looksay.data.streamed`. What belongs together has the
same name up to the first dot (https://github.com/webdataset/webdataset). A picture's split is the
one in its JSON, else the one in its shard's name (train, val, dev, test); pictures without any are
divided by `split_by_name`. Archives have to be plain: of a compressed one nothing can be read but
the whole.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol

from looksay.data.gathering import Gathering
from looksay.data.reading import check_name, check_texts, parse_object
from looksay.data.records import Dataset
from looksay.data.splits import split_by_name, split_name
from looksay.errors import DataError
from looksay.images import SUFFIXES, Span, is_tar_name, tar_members
from looksay.places import is_url

FORM = "PATTERN"
CAPTION_FIELDS = ("captions", "caption", "text")
SPLITS = ("train", "dev", "test")
MOST_SHARDS = 100_000
MOST_TEXT_BYTES = 1 << 20  # of a caption's file: a larger one holds something else
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True)
class Sample:
    """A photograph's name in its shard (None where it has captions alone), captions and split."""

    name: str
    picture: str | None
    captions: tuple[str, ...]
    split: str


def load_webdataset(
    place: str, name: str, *, seed: int = 0, dev_share: float = 0.1, test_share: float = 0.0
) -> Dataset:
    """The shards' records; a picture's name is its path below the folder that the shards share.

    Raises DataError, naming shard and member, for what cannot be read.
    """
    shards = find_shards(place)
    above = Path(os.path.commonpath([shard.parent for shard in shards]))
    gathered = GatheredShards()
    for shard in shards:
        gathered.add(shard, shard.relative_to(above).as_posix(), _read(shard))
    return gathered.dataset(name, seed=seed, dev_share=dev_share, test_share=test_share)


class GatheredShards:
    """What one shard after another says of its pictures."""

    def __init__(self) -> None:
        self._gathering = Gathering()
        self._files: dict[str, Path] = {}
        self._splits: dict[str, str] = {}

    def add(self, shard: Path, name: str, samples: Iterable[Sample]) -> None:
        """A shard's samples; `name` is its path below the folder that all shards share."""
        of_shard = _split_in(shard.stem)
        for sample in samples:
            picture = f"{name}/{sample.name}"
            self._gathering.add_picture(picture)
            for caption in sample.captions:
                self._gathering.add_caption(picture, caption)
            if sample.picture is not None:
                self._files[picture] = shard / sample.picture
            self._splits[picture] = sample.split or of_shard

    def dataset(self, name: str, *, seed: int, dev_share: float, test_share: float) -> Dataset:
        """The usable pictures; those of no split are divided by their names."""
        usable = self._gathering.usable(self._files.get)
        unsplit = [picture for picture in usable if not self._splits[picture]]
        shares = {"dev_share": dev_share, "test_share": test_share}
        drawn = split_by_name(unsplit, seed=seed, **shares)
        return self._gathering.dataset(usable, self._splits | drawn, name)


def find_shards(place: str) -> list[Path]:
    """The archives of an address's second half, in order. DataError where there are none."""
    if is_url(place):
        raise DataError(
            f"{place} is in a store, whose photographs `looksay train`, `looksay extract` and "
            "`looksay export` alone can read; copy the shards to a disk."
        )
    whole = Path(place).expanduser()
    if whole.is_dir():
        shards = sorted(whole.glob("*.tar"))
    elif whole.is_file():
        shards = [whole]
    else:
        shards = [Path(one) for pattern in count_through(str(whole)) for one in _matches(pattern)]
    if not shards:
        raise DataError(
            f"There is no shard {place}; name a .tar file, a folder of them, or a pattern such as "
            '"shards/train-{000..099}.tar" or "shards/*.tar" (in quotation marks).'
        )
    for shard in shards:
        if not is_tar_name(shard):
            raise DataError(f"{shard} is no .tar file; decompress or rename it.")
    return list(dict.fromkeys(shards))


def _matches(pattern: str) -> list[str]:
    """A name's own file, or a pattern's. DataError for a numbered shard that is missing."""
    if glob.has_magic(pattern):
        return sorted(glob.glob(pattern, recursive=True))
    if not os.path.isfile(pattern):
        raise DataError(f"The shard {pattern} does not exist.")
    return [pattern]


def count_through(pattern: str) -> Iterator[str]:
    """The pattern with each "{000..099}" in it counted through; the numbers keep their width."""
    found = _RANGE.search(pattern)
    if found is None:
        yield pattern
        return
    first, last = int(found[1]), int(found[2])
    if not 0 <= last - first < MOST_SHARDS:
        raise DataError(f"{pattern}: {found[0]} counts no shards, or too many.")
    for number in range(first, last + 1):
        numbered = f"{number:0{len(found[1])}}"
        yield from count_through(f"{pattern[: found.start()]}{numbered}{pattern[found.end() :]}")


def _split_in(stem: str) -> str:
    """The split that a shard's name tells: "coco-val-003" is dev; "" where it tells none."""
    said = (split_name(word) for word in re.split(r"[^a-z]+", stem.lower()))
    return next((split for split in said if split in SPLITS), "")


def _read(shard: Path) -> Iterator[Sample]:
    """The shard's samples, in the order of their first members."""
    try:
        members = tar_members(shard)
        with shard.open("rb") as file:
            yield from samples_of(members, _Texts(shard, file, members))
    except OSError as error:
        raise DataError(f"{shard} cannot be read: {error.strerror or error}.") from error


class Texts(Protocol):
    """Reads the small text files of a shard."""

    @property
    def shard(self) -> object: ...

    def read(self, member: str) -> str: ...


def samples_of(members: Iterable[str], texts: Texts) -> Iterator[Sample]:
    """The samples that a shard's members make. DataError for captions that cannot be read."""
    for key, parts in _by_key(members, texts.shard).items():
        sample = _sample(key, parts, texts)
        if sample.picture or sample.captions:  # not what belongs to no photograph
            yield sample


def parts_of(member: str) -> tuple[str, str]:
    """What a member belongs to, and what it is of that: the name up to the first dot and, in lower
    case, what follows it; ("", "") for a hidden file, such as macOS adds."""
    file = PurePosixPath(member)
    stem, _, suffix = file.name.partition(".")
    return (str(file.with_name(stem)), suffix.lower()) if stem else ("", "")


def _by_key(members: Iterable[str], shard: object) -> dict[str, dict[str, str]]:
    """For each name up to the first dot its members, by what follows the dot, in lower case."""
    samples: dict[str, dict[str, str]] = {}
    for member in members:
        key, suffix = parts_of(member)
        if key:
            check_name(member, f"{shard}, {member}")
            samples.setdefault(key, {})[suffix] = member
    return samples


@dataclass(frozen=True)
class _Texts:
    """Reads them from a shard that is a file."""

    shard: Path
    file: BinaryIO
    members: Mapping[str, Span]

    def read(self, member: str) -> str:
        where, place = f"{self.shard}, {member}", self.members[member]
        check_text_size(place.size, where)
        self.file.seek(place.start)
        return decode_text(self.file.read(place.size), where)


def check_text_size(size: int, where: str) -> None:
    """DataError, beginning with `where`, for a file that cannot be one of captions."""
    if size > MOST_TEXT_BYTES:
        raise DataError(f"{where}: {size / 1e6:.1f} MB are too many for captions.")


def decode_text(content: bytes, where: str) -> str:
    """A file of captions. DataError, beginning with `where`, where it is no text."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text.") from error


def _sample(key: str, parts: Mapping[str, str], texts: Texts) -> Sample:
    picture = next((parts[suffix] for suffix in parts if f".{suffix}" in SUFFIXES), None)
    captions: tuple[str, ...] = ()
    split = ""
    if "json" in parts:
        captions, split = _of_json(texts.read(parts["json"]), f"{texts.shard}, {parts['json']}")
    if not captions and "txt" in parts:
        captions = tuple(line for line in texts.read(parts["txt"]).splitlines() if line.strip())
    return Sample(picture or key, picture, captions, split)


def _of_json(text: str, where: str) -> tuple[tuple[str, ...], str]:
    """Captions and split, where the JSON has any: other tools' JSON has other things in it."""
    fields = parse_object(text, where, '{"caption": ...}')
    said: Any = next((fields[name] for name in CAPTION_FIELDS if fields.get(name)), [])
    captions = said if isinstance(said, list) else [said]
    split = fields.get("split") or ""
    check_texts((split, *captions), where)
    return tuple(captions), split_name(split)
