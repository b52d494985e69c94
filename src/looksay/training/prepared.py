"""What training has of a data set's photographs: features in a store, or shards to stream.

B pictures, R places, D feature size.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from looksay.data import Record
from looksay.data.streamed import StreamedDataset
from looksay.features.backbones import Backbone
from looksay.features.compute import Loaded
from looksay.features.extract import Compute
from looksay.features.store import ROW_TYPE, FeatureStore
from looksay.features.streaming import Arrival, Chunk, compute_arrivals
from looksay.images import ImageSource
from looksay.training.feature_sources import FeatureSource


@dataclass(frozen=True, kw_only=True)
class Split:
    """A split ready for use: records whose picture can be read, and the rows of its views.

    Where the split's features are not kept, the numbers of the views stand for the rows.
    """

    records: tuple[Record, ...]
    rows: np.ndarray  # (N, views), the first view is the plain one


@dataclass(frozen=True, kw_only=True)
class Looks:
    """A few pictures, their features (B, R, D) of the plain view, and where these are of regions
    the boxes (B, R, 6)."""

    pictures: tuple[ImageSource, ...]
    features: np.ndarray
    boxes: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Features:
    """A store with the features of some splits in it, and what computed them."""

    source: FeatureSource
    store: FeatureStore
    splits: dict[str, Split]
    problems: list[str]

    def graphs(self) -> dict[str, Path]:
        """The graphs that make a photograph's features, by their names in a bundle."""
        return self.source.graphs(self.store.folder)

    @property
    def backbone(self) -> Backbone:
        """The backbone as the decoder sees it."""
        return self.source.seen

    @property
    def feature_size(self) -> int:
        """D, of what the decoder looks at."""
        return self.source.feature_size

    def look(self, split: str, numbers: Sequence[int]) -> Looks:
        """Some pictures of a split."""
        records, rows = self._chosen(split, numbers)
        return self._looks(tuple(record.image for record in records), rows)

    def photographs(self, split: str) -> Iterator[tuple[int, ImageSource]]:
        """The numbers and photographs of a split, each once, in any order."""
        for number, record in enumerate(self.splits[split].records):
            yield number, record.image

    def _chosen(self, split: str, numbers: Sequence[int]) -> tuple[list[Record], np.ndarray]:
        found = self.splits[split]
        return [found.records[n] for n in numbers], found.rows[list(numbers), 0]

    def _looks(self, pictures: tuple[ImageSource, ...], rows: np.ndarray) -> Looks:
        boxes = self.store.boxes()
        return Looks(
            pictures=pictures,
            features=self.store.array()[rows].astype(np.float32),
            boxes=None if boxes is None else np.array(boxes[rows]),
        )


@dataclass(frozen=True, kw_only=True)
class StreamedFeatures(Features):
    """Features of photographs in shards. unkept: the split whose features are not in the store, and
    made anew in every epoch; "" where there is none. views: those that training sees."""

    shards: StreamedDataset
    unkept: str = ""
    views: tuple[str, ...] = ("plain",)

    def look(self, split: str, numbers: Sequence[int]) -> Looks:
        records, rows = self._chosen(split, numbers)
        pictures = tuple(self.shards.fetch(record) for record in records)
        if split != self.unkept:
            return self._looks(pictures, rows)
        size = self.source.backbone.image_size
        loaded = [
            Loaded.plain(record.image, picture, size)
            for record, picture in zip(records, pictures, strict=True)
        ]
        features = self._compute(loaded)[0].astype(ROW_TYPE).astype(np.float32)
        return Looks(pictures=pictures, features=features)

    def photographs(self, split: str) -> Iterator[tuple[int, ImageSource]]:
        with closing(self.shards.stream(self.splits[split].records)) as found:
            yield from found

    def read(self, numbers: Sequence[int], views: Sequence[int]) -> Generator[Chunk, None, None]:
        """Features of training pictures, made as their shards are read: numbers in that order, and
        for each the number of its view."""
        arrivals = self._arrive(numbers, views)
        return compute_arrivals(arrivals, self._compute, self.source.backbone.image_size)

    @cached_property
    def _compute(self) -> Compute:
        """With a graph that is compiled once."""
        return self.source.compute(self.store.folder)

    def _arrive(
        self, numbers: Sequence[int], views: Sequence[int]
    ) -> Generator[Arrival, None, None]:
        records = [self.splits[self.unkept].records[number] for number in numbers]
        with closing(self.shards.stream(records)) as found:
            for place, content in found:
                name, view = records[place].name, self.views[views[place]]
                yield Arrival(numbers[place], name, content, view)
