"""Changes to JSON that leave it JSON: chance alone would seldom get past a parser's first look."""

from __future__ import annotations

import json
import random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 10**400, 0.5, -0.0, float("nan"), float("inf"), 1e308,
    "", " ", "a", "..", "../../etc/passwd", "/etc/passwd", "\0", "\ud800", "a" * 5000, "\u202e\n",
    [], {}, [None], [[]], {"": ""}, [1, 2], ["a"], {"a": 1},
)  # fmt: skip
PIECES = (b"", b"[" * 2000, b"\xff", b'"', b"}", b"1" * 5000, b"\0", b"NaN")


def mutate_json(data: bytes, most: int, seed: int) -> bytes:
    """A mutator for atheris: some places of a JSON value changed, or now and then its bytes."""
    chance = random.Random(seed)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _broken(data, chance)[:most]
    if chance.random() < 0.1:
        return _broken(data, chance)[:most]
    for _ in range(chance.randrange(1, 4)):
        value = _changed(value, chance)
    written = json.dumps(value).encode()
    return written if len(written) <= most else data


def _broken(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(PIECES) + data[place + chance.randrange(3) :]


def _changed(value: Any, chance: random.Random) -> Any:
    keys = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        keys = list(range(len(value)))
    if not keys or chance.random() < 0.2:
        return chance.choice(ODD)
    key, what = chance.choice(keys), chance.random()
    changed: Any = value.copy()
    if what < 0.7:
        changed[key] = _changed(value[key], chance)
    elif what < 0.8:
        del changed[key]
    elif isinstance(value, list):
        changed.insert(key, value[chance.choice(keys)])
    else:
        changed[chance.choice(("", "a", "format", "name", key + "x"))] = changed.pop(key)
    return changed
