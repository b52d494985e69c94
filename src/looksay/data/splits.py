"""Splits of a data set that brings none: by picture, and the same for ever.

A picture's split depends on the seed, its name and the shares alone, so pictures added later move
none of the others from training to dev.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from looksay.errors import UsageError

ALIASES = {"val": "dev", "valid": "dev", "validation": "dev", "training": "train"}


def split_name(written: str) -> str:
    """looksay's name of a split that a data set names in its own way ("val" is "dev")."""
    name = written.strip().lower()
    return ALIASES.get(name, name)


def split_by_name(
    names: Iterable[str], *, seed: int = 0, dev_share: float = 0.1, test_share: float = 0.0
) -> dict[str, str]:
    """The split (train, dev or test) of each name.

    Where few pictures leave dev, or train, with none, the nearest one is moved there: twenty
    photographs are enough to train on.
    """
    if not (0 <= dev_share < 1 and 0 <= test_share < 1 and dev_share + test_share < 1):
        raise UsageError(
            f"Shares of {dev_share} for dev and {test_share} for test leave nothing to train on; "
            "give fractions of 1."
        )
    places = {name: hash_place(seed, name) for name in names}
    splits = {
        name: "dev" if place < dev_share else "test" if place >= 1 - test_share else "train"
        for name, place in places.items()
    }
    ordered = sorted(places, key=lambda name: (places[name], name))
    if dev_share and len(ordered) > 1 and "dev" not in splits.values():
        splits[ordered[0]] = "dev"
    if ordered and "train" not in splits.values():
        in_dev = [name for name in ordered if splits[name] == "dev"]
        splits[(in_dev or ordered)[-1]] = "train"
    return splits


def hash_place(seed: int | str, name: str) -> float:
    """A number from 0 up to 1 that looks random and is the same for ever."""
    digest = hashlib.sha256(f"{seed}\0{name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
