"""What is in a shard, kept on disk, so that a shard is gone through once and not for every run.

An index is a small JSON file; it is made anew where the shard is no longer known by the same size
and time of change, or the store's own tag. Each photograph is decoded once, coarsely: those that
cannot be read are known before training begins.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

from tqdm import tqdm

from looksay.data.shard_streams import identify, read_members
from looksay.data.webdataset import (
    MOST_TEXT_BYTES,
    Sample,
    check_text_size,
    decode_text,
    parts_of,
    samples_of,
)
from looksay.errors import DataError, ImageError
from looksay.files import replace_file
from looksay.images import DEFAULT_LIMITS, SUFFIXES, Span, open_image
from looksay.images.read import NamedBytes
from looksay.json_text import parse_json

logger = logging.getLogger(__name__)
FORMAT = 1
MOST_PICTURE_BYTES = DEFAULT_LIMITS.max_bytes + 1  # one more is told to be too many
AT_ONCE, LOOK_UPS = 4, 32  # shards read at once, and looked up
_COARSE = 32  # pixels of a side: all of a JPEG's data are gone through whatever its size
_TEXTS = ("txt", "json")


class Photograph(NamedTuple):
    """A photograph in a shard: where its bytes lie, their SHA-256, and "" or why it cannot be
    read."""

    start: int
    size: int
    digest: str
    problem: str = ""


class Entry(NamedTuple):
    """A sample, and its photograph where it has one."""

    sample: Sample
    photograph: Photograph | None


@dataclass(frozen=True)
class ShardIndex:
    """A shard, a path or an address, what it was known by when it was read, and what is in it."""

    shard: str
    identity: str
    entries: tuple[Entry, ...]


def index_shards(shards: Sequence[str], folder: Path) -> list[ShardIndex]:
    """The shards' indexes; those that `folder` lacks are made, and kept there.

    Raises DataError for what is damaged, ScaleError for a shard that cannot be had, OSError where
    the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(LOOK_UPS) as pool:
        identities = list(pool.map(identify, shards))
    found = [_kept(*known, folder) for known in zip(shards, identities, strict=True)]
    missing = [number for number, index in enumerate(found) if index is None]
    if missing:
        logger.info("reading the captions in %d shards, once; kept in %s", len(missing), folder)
    made = _make([(shards[number], identities[number]) for number in missing], folder)
    bar = tqdm(made, "shards", len(missing), disable=None, leave=False)
    for number, index in zip(missing, bar, strict=True):
        found[number] = index
    return [index for index in found if index is not None]


def _make(known: Sequence[tuple[str, str]], folder: Path) -> Iterator[ShardIndex]:
    stopped = Event()
    pool = ThreadPoolExecutor(AT_ONCE, "looksay-index")
    try:
        made = [pool.submit(_index, *of, folder, stopped) for of in known]
        for future in made:
            yield future.result()
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


class _Pass:
    """What one pass through a shard keeps: texts and photographs' places, but no photographs."""

    def __init__(self, shard: str) -> None:
        self.shard = shard
        self.members: dict[str, None] = {}
        self.photographs: dict[str, Photograph] = {}
        self._texts: dict[str, bytes] = {}

    def wanted(self, member: str, place: Span) -> int:
        suffix = parts_of(member)[1]
        if suffix in _TEXTS:
            check_text_size(place.size, f"{self.shard}, {member}")
            return MOST_TEXT_BYTES
        return MOST_PICTURE_BYTES if f".{suffix}" in SUFFIXES else 0

    def take(self, member: str, place: Span, content: bytes) -> None:
        self.members.pop(member, None)  # of two of one name the later one, as unpacking has it
        self.members[member] = None
        suffix = parts_of(member)[1]
        if suffix in _TEXTS:
            self._texts[member] = content
        elif f".{suffix}" in SUFFIXES:
            digest, problem = hashlib.sha256(content).hexdigest(), ""
            try:
                open_image(NamedBytes(content, f"{self.shard}/{member}"), at_least=_COARSE)
            except ImageError as error:
                problem = str(error)
            self.photographs[member] = Photograph(place.start, place.size, digest, problem)

    def read(self, member: str) -> str:
        return decode_text(self._texts[member], f"{self.shard}, {member}")


def _index(shard: str, identity: str, folder: Path, stopped: Event) -> ShardIndex:
    seen = _Pass(shard)
    for member in read_members(shard, seen.wanted, identity=identity):
        if stopped.is_set():
            raise DataError(f"{shard} was not read to its end.")
        seen.take(*member)
    entries = tuple(
        Entry(sample, seen.photographs[sample.picture] if sample.picture else None)
        for sample in samples_of(seen.members, seen)
    )
    index = ShardIndex(shard, identity, entries)
    replace_file(_file(shard, folder), json.dumps(_to_json(index)).encode())
    return index


def _file(shard: str, folder: Path) -> Path:
    return folder / f"{hashlib.sha256(shard.encode('utf-8', 'surrogateescape')).hexdigest()}.json"


def _to_json(index: ShardIndex) -> dict[str, Any]:
    samples = [
        [sample.name, sample.picture, sample.captions, sample.split, photograph]
        for sample, photograph in index.entries
    ]
    about = {"format": FORMAT, "shard": index.shard, "identity": index.identity}
    return {**about, "samples": samples}


def _kept(shard: str, identity: str, folder: Path) -> ShardIndex | None:
    """The index of the shard as it is now; None where there is none."""
    try:
        found = parse_json(_file(shard, folder).read_bytes())
        if [found[name] for name in ("format", "shard", "identity")] != [FORMAT, shard, identity]:
            return None
        entries = tuple(
            Entry(
                Sample(name, picture, tuple(captions), split),
                Photograph(*photograph) if photograph else None,
            )
            for name, picture, captions, split, photograph in found["samples"]
        )
    except (OSError, ValueError, KeyError, TypeError):  # missing or damaged: it is made anew
        return None
    return ShardIndex(shard, identity, entries)
