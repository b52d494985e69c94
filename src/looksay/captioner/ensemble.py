"""Several bundles of one vocabulary as one model; a single bundle is the smallest ensemble.

B pictures, T tokens, R places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from looksay.captioner.boxes import Boxes
from looksay.captioner.features import Backbones, Features, OpenGraph
from looksay.consensus import Memory as TrainingMemory
from looksay.decoding import (
    DecodingOptions,
    EnsembleStepper,
    Hypothesis,
    Memory,
    decode_encoded,
)
from looksay.errors import BundleError, UsageError
from looksay.runtime import Bundle, GraphStepper
from looksay.runtime.regions import region_mask
from looksay.runtime.topics import Topic, best_topics


@dataclass(frozen=True, eq=False)
class Ground:
    """What attention lies over in a picture: the places of a grid, or the boxes of regions.

    num_places: as the model counts them, padding among them. exist: (num_places,), False for
    padding.
    """

    num_places: int
    grid: tuple[int, int]
    boxes: Boxes | None = None
    exist: np.ndarray | None = None

    @classmethod
    def of(cls, bundle: Bundle, boxes_R6: np.ndarray | None) -> Ground:
        """A bundle's ground in a picture with these regions, or with none."""
        settings, (rows, columns) = bundle.regions, bundle.grid
        if settings is None or boxes_R6 is None:
            return cls(rows * columns, (rows, columns))
        exist = region_mask(boxes_R6) > 0
        boxes = Boxes.of(boxes_R6[exist], settings)
        return cls(settings.max_regions, (rows, columns), boxes, exist)

    def lay(self, attention_TR: np.ndarray) -> np.ndarray:
        """Attention (T, num_places) as (T, rows, columns), or as (T, regions) without padding."""
        if self.exist is not None:
            return attention_TR[:, self.exist]
        return attention_TR.reshape(len(attention_TR), *self.grid)

    def is_like(self, other: Ground) -> bool:
        """Whether the places of both lie on each other."""
        if self.boxes is None or other.boxes is None:
            return self.boxes is other.boxes and self.grid == other.grid
        return np.array_equal(self.boxes.corners, other.boxes.corners)


class Said(NamedTuple):
    """What the models say of a picture: captions, best first, and the topics they see in it."""

    hypotheses: list[Hypothesis]
    topics: tuple[Topic, ...]


class Ensemble:
    """Bundles whose word probabilities are averaged at each step, and whose attention is kept.

    They may differ in architecture, backbone, picture size and grid. UsageError where there is no
    bundle, or where two vocabularies differ.
    """

    def __init__(self, bundles: Sequence[Bundle], open_graph: OpenGraph):
        _check(bundles)
        self.bundles = tuple(bundles)
        self.names = _distinct([bundle.name for bundle in bundles])
        self.backbones = Backbones(bundles, open_graph)
        self._open_graph = open_graph

    @property
    def name(self) -> str:
        """The members' names."""
        return " + ".join(bundle.name for bundle in self.bundles)

    def decode(
        self, seen: Sequence[Features], options: DecodingOptions, numbers: Sequence[int]
    ) -> list[Said]:
        """What to say of pictures, at least one, from each member's features of them."""
        memory, carry = self._stepper.encode_each(
            [(features.values_BRD, features.mask_BR) for features in seen]
        )
        topics = self._topics(memory) or [()] * len(numbers)
        consensus = None
        if options.asks_consensus and self._memory is not None:
            consensus = self._memory.recall(seen[0].values_BRD, seen[0].mask_BR)
        found = decode_encoded(self._stepper, memory, carry, options, numbers, consensus)
        return [Said(*both) for both in zip(found, topics, strict=True)]

    def _topics(self, memory: Memory) -> list[tuple[Topic, ...]] | None:
        """Of the first member that predicts any."""
        for number, (bundle, words) in enumerate(zip(self.bundles, self._top_words, strict=True)):
            shares_BQ = self._stepper.memory_of(number, memory).get("topics")
            if words is not None and shares_BQ is not None:
                try:
                    return best_topics(shares_BQ, words)
                except BundleError as error:
                    raise BundleError(f"{bundle.path}: {error}") from error
        return None

    def grounds(self, seen: Sequence[Features], picture: int) -> list[Ground]:
        """What each member's attention lies over, in a picture of a batch."""
        return [
            Ground.of(bundle, None if of.boxes_BR6 is None else of.boxes_BR6[picture])
            for bundle, of in zip(self.bundles, seen, strict=True)
        ]

    def maps(self, attention_TR: np.ndarray, grounds: Sequence[Ground]) -> dict[str, np.ndarray]:
        """The attention of each member by name: (T, rows, columns) of its grid, or (T, regions)."""
        ends = np.cumsum([ground.num_places for ground in grounds])
        parts = np.split(attention_TR, ends[:-1], axis=1)
        return {
            name: ground.lay(part)
            for name, part, ground in zip(self.names, parts, grounds, strict=True)
        }

    @cached_property
    def _memory(self) -> TrainingMemory | None:
        """The first member's, as the options are."""
        return self.bundles[0].memory

    @cached_property
    def _top_words(self) -> list[tuple[tuple[str, ...], ...] | None]:
        return [bundle.topics for bundle in self.bundles]

    @cached_property
    def _stepper(self) -> EnsembleStepper:
        return EnsembleStepper([self._open_stepper(bundle) for bundle in self.bundles])

    def _open_stepper(self, bundle: Bundle) -> GraphStepper:
        encode, step = (self._open_graph(bundle.graph(name)) for name in ("encode", "step"))
        return GraphStepper(encode, step, len(bundle.vocabulary))


def overall(maps: Sequence[np.ndarray], grounds: Sequence[Ground]) -> np.ndarray:
    """One attention for several: their mean, or the first where the grids or regions differ, since
    places that do not lie on each other have none."""
    if len(maps) == 1 or not all(grounds[0].is_like(ground) for ground in grounds):
        return maps[0]
    return np.mean(maps, axis=0)


def _check(bundles: Sequence[Bundle]) -> None:
    if not bundles:
        raise UsageError("No model is named; give one bundle or more, or None for the shipped one.")
    first, *others = bundles
    for other in others:
        if other.vocabulary != first.vocabulary:
            raise UsageError(
                f"The bundles {first.path} and {other.path} differ in their vocabularies "
                f"({len(first.vocabulary)} and {len(other.vocabulary)} words), so they cannot "
                "caption together; give bundles that were trained with one vocabulary."
            )


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names, the second of equal ones with (2) behind it, and so on."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(found)
