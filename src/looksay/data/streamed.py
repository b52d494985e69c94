"""Data sets whose photographs stay in their shards, and are read one shard after another: on a
disk, or in a store that is reached over a network (s3://, https://, and what else fsspec knows).

    webdataset:s3://bucket/train-{000..099}.tar    or a folder, or a pattern, see `webdataset`
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from looksay.data.records import Dataset, Record
from looksay.data.shard_index import MOST_PICTURE_BYTES, Photograph, ShardIndex, index_shards
from looksay.data.shard_streams import ask, read_members, read_place
from looksay.data.webdataset import GatheredShards, count_through, find_shards
from looksay.errors import DataError, UsageError
from looksay.images import Span, is_tar_name
from looksay.places import find_matches, is_url, open_place


@dataclass(frozen=True)
class StreamedDataset(Dataset):
    """Records whose `image` is a name and no file: their photographs are had by `stream` and
    `fetch`.

    shards: names or addresses, each with what it is known by. photographs: of each record by its
    name the number of its shard, and where it is there.
    """

    shards: tuple[tuple[str, str], ...]
    photographs: Mapping[str, tuple[int, Photograph]]

    def shard_of(self, record: Record) -> int:
        """The number of the shard that the record's photograph is in."""
        return self.photographs[record.name][0]

    def photograph(self, record: Record) -> Photograph:
        """What is known of the record's photograph."""
        return self.photographs[record.name][1]

    def stream(self, records: Sequence[Record]) -> Generator[tuple[int, bytes], None, None]:
        """The records' numbers and photographs, shard after shard as the records name them, and
        those of one shard in its order.

        Raises DataError or ScaleError, naming the shard, where it has changed or cannot be read.
        """
        for shard, numbers in groupby(range(len(records)), lambda n: self.shard_of(records[n])):
            yield from self._stream_one(shard, {n: records[n] for n in numbers})

    def _stream_one(
        self, shard: int, records: Mapping[int, Record]
    ) -> Generator[tuple[int, bytes], None, None]:
        name, identity = self.shards[shard]
        # by place: of two members of one name the later one is meant
        wanted = {self.photograph(record).start: number for number, record in records.items()}
        members = read_members(
            name,
            lambda _, place: MOST_PICTURE_BYTES if place.start in wanted else 0,
            identity=identity,
        )
        with closing(members):
            for member in members:
                if member.place.start in wanted:
                    yield wanted.pop(member.place.start), member.content
                if not wanted:
                    return
        raise DataError(
            f"{name} has changed since its captions were read: {len(wanted)} photographs are not "
            "where they were; run the same command again"
        )

    def fetch(self, record: Record) -> bytes:
        """One photograph. Raises DataError or ScaleError, naming the shard, as `stream` does."""
        name, identity = self.shards[self.shard_of(record)]
        photograph = self.photograph(record)
        place = Span(photograph.start, min(photograph.size, MOST_PICTURE_BYTES))
        return read_place(name, place, identity=identity)

    def fingerprint(self, split: str) -> str:
        """A text that changes where the split has other photographs, or has them in another
        order."""
        digest = hashlib.sha256()
        for record in self.split(split):
            digest.update(f"{record.name}\0{self.photograph(record).digest}\n".encode())
        return digest.hexdigest()


def load_streamed(
    place: str,
    name: str,
    index_folder: Path,
    *,
    seed: int = 0,
    dev_share: float = 0.1,
    test_share: float = 0.0,
) -> StreamedDataset:
    """The shards' records, named as `load_webdataset` names those of the same shards on a disk.

    index_folder: where it is kept what the shards contain. Raises DataError, naming shard and
    member, for what is damaged, ScaleError for what cannot be had.
    """
    shards = find_addresses(place)
    try:
        indexes = index_shards(shards, index_folder)
    except OSError as error:
        raise DataError(
            f"{index_folder}: what the shards contain cannot be kept there "
            f"({error.strerror or error}); set LOOKSAY_CACHE to a folder that can be written"
        ) from error
    gathered = GatheredShards()
    photographs: dict[str, tuple[int, Photograph]] = {}
    for number, (index, short) in enumerate(zip(indexes, _short_names(shards), strict=True)):
        gathered.add(Path(index.shard), short, (entry.sample for entry in index.entries))
        photographs |= _photographs(index, number, short)
    found = gathered.dataset(name, seed=seed, dev_share=dev_share, test_share=test_share)
    known = tuple((index.shard, index.identity) for index in indexes)
    return StreamedDataset(found.records, found.report, found.name, known, photographs)


def _photographs(index: ShardIndex, number: int, short: str) -> dict[str, tuple[int, Photograph]]:
    return {
        f"{short}/{sample.name}": (number, photograph)
        for sample, photograph in index.entries
        if photograph is not None
    }


def find_addresses(place: str) -> list[str]:
    """The absolute paths or the addresses of the shards. DataError where there are none."""
    if not is_url(place):
        return [os.path.abspath(shard) for shard in find_shards(place)]
    shards = [one for pattern in count_through(place) for one in _in_store(pattern)]
    if not shards:
        raise DataError(f"There is no shard {place}; check the address.")
    return list(dict.fromkeys(shards))


def _in_store(address: str) -> list[str]:
    if is_tar_name(address) and not glob.has_magic(address):
        return [address]
    fs, path = open_place(address)
    pattern = path if glob.has_magic(address) else f"{path.rstrip('/')}/*.tar"
    matches = ask(address, lambda: find_matches(fs, pattern))
    found = [fs.unstrip_protocol(one) for one in matches]
    for shard in found:
        if not is_tar_name(shard):
            raise UsageError(f"{shard} is no .tar file; write a pattern that names shards alone.")
    return found


def _short_names(shards: Sequence[str]) -> list[str]:
    """The shards' paths below the folder that they share."""
    parts = [Path(shard).parts for shard in shards]
    above = len(os.path.commonprefix([of[:-1] for of in parts]))
    return ["/".join(of[above:]) for of in parts]
