"""Photographs of noise and captions written by hand, in place of a model."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from looksay.library import Choices, Model, Report, open_index


def save_photo(path: Path, seed: int) -> Path:
    """A small JPEG of noise, another one for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "JPEG", quality=90)
    return path


def check(database: Path) -> None:
    """The database and its full-text index are whole."""
    connection = sqlite3.connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("INSERT INTO captions (captions) VALUES ('integrity-check')")
        connection.rollback()
    finally:
        connection.close()


@dataclass
class Result:
    """What a library uses of a Caption or a CaptionError."""

    record: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return self.record


@dataclass
class ByHand:
    """Captions written by hand, by the names of the files; "!..." is an error. Remembers what it
    was asked for."""

    captions: dict[str, str | list[str]]
    asked: list[str] = field(default_factory=list)

    def caption_many(self, sources: Iterable[Any], **options: Any) -> Iterator[Result]:
        for source in sources:
            self.asked.append(source.name)
            stem = source.stem.encode("utf-8", "replace").decode()
            said = self.captions.get(source.name, f"a picture named {stem}")
            first, *others = [said] if isinstance(said, str) else said
            yield Result(
                {
                    "caption": first,
                    "words": first.split(),
                    "log_prob": -1.5,
                    "alternatives": [{"caption": other, "words": []} for other in others],
                    "error": first[1:] if first.startswith("!") else None,
                }
            )


def model_of(captions: Any, name: str = "by hand") -> Model:
    return Model(captions, name, digest=name, settings="{}", options={})


@dataclass
class Updating:
    """`update()` is a run of `looksay index`; returns its report and remembers what it said."""

    database: Path
    folder: Path
    captions: ByHand = field(default_factory=lambda: ByHand({}))
    said: list[str] = field(default_factory=list)

    def __call__(self, *folders: Path, model: str = "by hand", **choices: Any) -> Report:
        self.said.clear()
        self.captions.asked.clear()
        with open_index(self.database) as index:
            parts = index.parts(folders or [self.folder])
            chosen = Choices(**choices)
            report, _ = index.update(parts, model_of(self.captions, model), chosen, self)
        return report

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def looking(self) -> Callable[[], None]:
        return lambda: None

    def captioning(self, number: int) -> Callable[[], None]:
        return lambda: None
