"""The pictures in a WebDataset shard, which is a plain tar: where each one's bytes lie."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from looksay.errors import ScaleError
from looksay.images import is_picture_name
from looksay.images.tar_headers import StrictHeader
from looksay.places import explained, look_up, open_place
from looksay.scale.items import Item, valid_name

BLOCK_BYTES = 2**20  # what is read of a store at once while headers are looked for


def shard_items(name: str) -> Iterator[Item]:
    """The pictures of a tar by their names, `shard.tar/member.jpg`; other members are left out.

    Only the headers are looked at; workers fetch the bytes themselves. What is wrong with the tar
    comes as an item with a problem, behind those that could be found. Raises ScaleError where it
    cannot be opened at all.
    """
    with explained(name):
        place = look_up(name)
        fs, path = open_place(name)
    found = False
    try:
        with explained(name), fs.open(path, "rb", block_size=BLOCK_BYTES) as file:
            for member in _members(file):
                found = True
                inside = valid_name(f"{name}/{member.name}")
                yield Item(inside, place.name, place.identity, member.offset_data, member.size)
    except ScaleError as error:
        if not isinstance(error.__cause__, tarfile.TarError):
            raise
        yield _problem(name, "is no tar, or damaged, cut off or compressed; make or copy it again")
        return
    if not found:
        yield _problem(name, "holds no pictures; give a tar with JPEG or PNG files in it")


def _members(file: Any) -> Iterator[tarfile.TarInfo]:
    with tarfile.open(fileobj=file, mode="r:", tarinfo=StrictHeader) as tar:
        for member in tar:
            tar.members = []  # type: ignore[attr-defined]  # else it keeps all
            # of a file with holes the bytes do not lie side by side
            plain = member.isfile() and not member.issparse()
            if plain and is_picture_name(PurePosixPath(member.name).name):
                yield member


def _problem(name: str, sentence: str) -> Item:
    return Item(valid_name(name), name, problem=f"{name} {sentence}.")
