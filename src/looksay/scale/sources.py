"""From names to pictures: files, folders, patterns, tars and addresses in object stores."""

from __future__ import annotations

import glob
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from looksay.errors import ImageError, ScaleError
from looksay.images import find_images, is_picture_name, is_tar_name
from looksay.places import (
    explained,
    find_matches,
    identity,
    is_hopeless,
    is_url,
    look_up,
    open_place,
    reason,
    walk,
)
from looksay.scale.items import Item, valid_name
from looksay.scale.shards import shard_items

LOOK_UPS = 32  # names looked up at once: a store answers each in some hundredths of a second


def find_items(names: Iterable[str], *, listed: bool = False) -> Iterator[Item]:
    """The pictures that the names mean, in order; a tar gives its members, a folder its pictures.

    listed: the names are a list's, where one that cannot be had is an item with a problem, in its
    place. Of a command line's, an address that cannot be had raises ScaleError, and a path is an
    item with a problem. A store that cannot be reached raises ScaleError in any case.
    """
    waiting: deque[Future[Iterable[Item]]] = deque()
    with ThreadPoolExecutor(LOOK_UPS, "looksay-find") as pool:
        try:
            for name in names:
                waiting.append(pool.submit(_expand, name, listed))
                if len(waiting) > 2 * LOOK_UPS:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _expand(name: str, listed: bool) -> Iterable[Item]:
    """What a name means; a folder is gone through later, as its pictures are asked for."""
    try:
        return _expand_url(name) if is_url(name) else _expand_path(name)
    except ScaleError as error:
        if not listed or (error.__cause__ and is_hopeless(error.__cause__)):
            raise
        return [Item(valid_name(name), name, problem=str(error))]


def _expand_path(name: str) -> Iterable[Item]:
    if os.path.isfile(name):
        return list(shard_items(name)) if is_tar_name(name) else [_file(name)]
    return _local(name)


def _local(name: str) -> Iterator[Item]:
    for found in find_images([name]):
        if isinstance(found, ImageError):
            yield Item(valid_name(name), name, problem=str(found))
        elif is_tar_name(str(found)):
            yield from shard_items(str(found))
        else:
            yield _file(str(found))


def _file(name: str) -> Item:
    try:
        place = look_up(name)
    except OSError as error:
        return Item(valid_name(name), name, problem=f"{name} cannot be read: {reason(error)}.")
    return Item(valid_name(name), place.name, place.identity, length=place.size)


def _expand_url(name: str) -> Iterable[Item]:
    if is_tar_name(name) and not glob.has_magic(name):
        return list(shard_items(name))
    fs, path = open_place(name)
    with explained(name):
        if glob.has_magic(name):
            matches = find_matches(fs, path)
            if not matches:
                raise ScaleError(f"No picture matches {name}; check the pattern.")
            return _matched(fs, matches)
        info = fs.info(path)
    if info["type"] == "directory":
        return _walk(fs, path, name)
    return [_object(fs, path, info)]


def _matched(fs: Any, matches: dict[str, dict[str, Any]]) -> Iterator[Item]:
    for path, info in matches.items():
        if info["type"] == "directory":
            continue
        if is_tar_name(path):
            yield from shard_items(fs.unstrip_protocol(path))
        else:
            yield _object(fs, path, info)


def _walk(fs: Any, folder: str, name: str) -> Iterator[Item]:
    """As a folder of this machine is gone through: see `images.find_images`."""
    found = False
    with explained(name):
        for parent, folders, files in walk(fs, folder):
            for hidden in [below for below in folders if below.startswith(".")]:
                del folders[hidden]
            for file, info in sorted(files.items()):
                if is_picture_name(file):
                    found = True
                    yield _object(fs, f"{parent.rstrip('/')}/{file}", info)
    if not found:
        raise ScaleError(f"{name} holds no pictures; name a folder with JPEG or PNG files.")


def _object(fs: Any, path: str, info: dict[str, Any]) -> Item:
    url = fs.unstrip_protocol(path)
    return Item(valid_name(url), url, identity(info), length=int(info["size"] or 0))
