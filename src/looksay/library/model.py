"""By which model, and how, a caption was made."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from looksay.captioner import Captioner
from looksay.runtime.manifest import required_files


class Captions(Protocol):
    """What captions photographs: a `Captioner`, or what behaves like one."""

    def caption_many(self, sources: Iterable[Any], **options: Any) -> Iterator[Any]:
        """One result with `to_json()` for each source, in order."""
        ...


@dataclass(frozen=True)
class Model:
    """Captions, and what tells them from another model's or from those of other options.

    Args:
        captions: the captioner. options: what goes to its `caption_many`.
        name: the model's. digest: of its bundles' graphs and words, whatever the precision.
        settings: every decoding option, given or the bundle's own, as JSON.
    """

    captions: Captions
    name: str
    digest: str
    settings: str
    options: dict[str, Any]

    @classmethod
    def of(cls, captioner: Captioner, **options: Any) -> Model:
        """A captioner with decoding options and, perhaps, a `batch_size`."""
        decoding = {name: value for name, value in options.items() if name != "batch_size"}
        settings = captioner.options_with(**decoding).as_dict()
        digest = hashlib.sha256()
        for bundle in captioner.bundles:
            for name in required_files(bundle.config):
                digest.update(f"{name} {bundle.digest(name)}\n".encode())
        return cls(
            captioner,
            captioner.name,
            digest.hexdigest(),
            json.dumps(settings, sort_keys=True),
            options,
        )

    def number(self, connection: sqlite3.Connection) -> int:
        """The model's number in a database, entered where it is new."""
        key = self.digest, self.settings
        connection.execute(
            "INSERT INTO models (name, digest, options) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (self.name, *key),
        )
        (number,) = connection.execute(
            "SELECT id FROM models WHERE digest = ? AND options = ?", key
        ).fetchone()
        return number

    def caption(self, paths: Iterable[Path]) -> Generator[dict[str, Any]]:
        """The record of each photograph, in order."""
        for result in self.captions.caption_many(paths, with_errors=True, **self.options):
            yield result.to_json()
