"""A bundle: the folder that training leaves and the only thing that captioning needs."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from looksay.consensus import CONSENSUS, Memory, read_memory
from looksay.decoding import DecodingOptions
from looksay.errors import BundleError, UsageError
from looksay.files import finish_replacing
from looksay.runtime.confidence import Confidence
from looksay.runtime.manifest import (
    MANIFEST,
    VOCABULARY,
    check_regular,
    read_manifest,
    required_files,
    required_graphs,
    sha256,
)
from looksay.runtime.regions import RegionSettings
from looksay.runtime.topics import TOPICS, read_topics
from looksay.text import Vocabulary

SHIPPED = Path(__file__).resolve().parents[1] / "bundles" / "default"
"""The model that comes with the package."""


class Bundle:
    """A bundle whose description has been checked; make one with `Bundle.open`.

    Holds no code and no pickles: JSON, a word list and ONNX graphs.
    """

    def __init__(self, path: Path, config: dict[str, Any], vocabulary: Vocabulary):
        self.path = path
        self.config = config
        self.vocabulary = vocabulary

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, verify_all: bool = False) -> Bundle:
        """Read a bundle; BundleError where it is damaged, foreign or too new.

        Every file's size is checked, and the SHA-256 of those that captioning uses; `verify_all`
        checks the others' too, which otherwise happens when `file` is asked for one.
        """
        folder = Path(path)
        finish_replacing(folder)
        config = read_manifest(folder)
        for name, entry in config["files"].items():
            _check_size(folder / name, entry["bytes"], folder)
        names = list(config["files"] if verify_all else required_files(config))
        with ThreadPoolExecutor(4) as pool:  # hashing releases the interpreter's lock
            list(pool.map(lambda name: _check_hash(folder / name, config["files"][name]), names))
        return cls(folder, config, Vocabulary.load(folder / VOCABULARY))

    @property
    def name(self) -> str:
        return self.config["name"]

    @property
    def image_size(self) -> int:
        """The side of the square picture that the backbone takes, in pixels."""
        return self.config["image_size"]

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the places that attention is spread over."""
        rows, columns = self.config["grid"]
        return rows, columns

    @property
    def regions(self) -> RegionSettings | None:
        """How the regions are found that attention is spread over; None where it is over places."""
        values = self.config.get("regions")
        return None if values is None else RegionSettings.from_dict(values)

    @property
    def topics(self) -> tuple[tuple[str, ...], ...] | None:
        """The top words of each topic that the model predicts; None where it predicts none."""
        return read_topics(self.file(TOPICS)) if TOPICS in self.config["files"] else None

    @property
    def has_memory(self) -> bool:
        """Whether it remembers its training pictures, see `memory`."""
        return CONSENSUS in self.config["files"]

    @property
    def memory(self) -> Memory | None:
        """What people say of the training pictures, from which the consensus comes; None where
        the bundle has none. It is read anew each time."""
        if not self.has_memory:
            return None
        return read_memory(
            self.file(CONSENSUS),
            feature_size=self.feature_size,
            vocabulary_size=len(self.vocabulary),
        )

    @property
    def feature_size(self) -> int:
        return self.config["feature_size"]

    @property
    def decoding(self) -> DecodingOptions:
        """How captions are made unless asked otherwise."""
        return DecodingOptions.from_dict(self.config["decoding"])

    @property
    def confidence(self) -> Confidence | None:
        """How sure to be of captions made as `decoding` says; None where it was never learnt."""
        values = self.config.get("confidence")
        return None if values is None else Confidence.from_dict(values)

    @property
    def language(self) -> str | None:
        """The captions' language as a tag (BCP 47) such as "de"; None where nobody said it."""
        return self.config.get("language")

    @property
    def graphs(self) -> tuple[str, ...]:
        """The names of the graphs that captioning runs."""
        return required_graphs(self.config)

    def graph(self, name: str) -> Path:
        """The file of the graph "backbone", "encode" or "step"; where there are regions also of
        "regions" and "detector". UsageError for one that this bundle does not have."""
        if name not in self.graphs:
            raise UsageError(
                f"The bundle {self.path} has no graph {name!r}; it has {', '.join(self.graphs)}."
            )
        return self.path / f"{name}.onnx"

    def file(self, name: str) -> Path:
        """Any file that the bundle lists, its SHA-256 checked."""
        entry = self._entry(name)
        if name not in required_files(self.config):
            _check_hash(self.path / name, entry)
        return self.path / name

    def digest(self, name: str) -> str:
        """The SHA-256 of a file that the bundle lists."""
        return self._entry(name)["sha256"]

    def _entry(self, name: str) -> dict[str, Any]:
        entry = self.config["files"].get(name)
        if entry is None:
            raise BundleError(f"The bundle {self.path} has no {name!r}.")
        return entry

    def __repr__(self) -> str:
        return f"Bundle({str(self.path)!r}, name={self.name!r})"


def _check_size(path: Path, size: int, folder: Path) -> None:
    if not path.is_symlink() and not path.exists():
        raise BundleError(f"{path} is missing though {MANIFEST} lists it; get the bundle again.")
    check_regular(path, folder)
    actual = path.stat().st_size
    if actual != size:
        raise BundleError(
            f"{path} is damaged: it has {actual} bytes instead of {size}; get the bundle again."
        )


def _check_hash(path: Path, entry: dict[str, Any]) -> None:
    try:
        actual = sha256(path)
    except OSError as error:
        raise BundleError(f"{path} cannot be read ({error}).") from error
    if actual != entry["sha256"]:
        raise BundleError(
            f"{path} is damaged or was changed: its SHA-256 is not the one in {MANIFEST}; "
            "get the bundle again."
        )
