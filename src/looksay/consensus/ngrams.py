"""N-grams of tokens as a tree in arrays, so that many are looked up at once.

G n-grams of one order (n words), each known by its place among them, -1 for none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np


class NGrams:
    """The n-grams of 1, 2, ... tokens: of each its last word and the one that it lengthens.

    words, parents: an array (G,) an order; of one word the parent is 0. Those of an order are
    sorted by parent, then word. vocabulary_size: no token reaches it.
    """

    def __init__(
        self, words: Sequence[np.ndarray], parents: Sequence[np.ndarray], vocabulary_size: int
    ):
        self.words = [array.astype(np.int64) for array in words]
        self.parents = [array.astype(np.int64) for array in parents]
        self.vocabulary_size = vocabulary_size
        self.sizes = [len(array) for array in words]
        self.offsets = np.cumsum([0, *self.sizes])  # where an order begins among all n-grams

    def __len__(self) -> int:
        return int(self.offsets[-1])

    def find(self, order: int, parents: np.ndarray, words: np.ndarray) -> np.ndarray:
        """The n-grams of `order` words that lengthen `parents` by `words`, arrays of one shape."""
        keys = self._keys[order - 1]
        wanted = parents * self.vocabulary_size + words
        places = np.searchsorted(keys, wanted)
        found = keys[np.minimum(places, len(keys) - 1)] == wanted if len(keys) else False
        return np.where((parents >= 0) & found, places, -1)

    def find_last(self, tokens: np.ndarray) -> np.ndarray:
        """The n-grams that the whole last axis of `tokens` is, of that many words."""
        nodes = np.zeros(tokens.shape[:-1], np.int64)
        for order in range(1, tokens.shape[-1] + 1):
            nodes = self.find(order, nodes, tokens[..., order - 1])
        return nodes

    def children(self, order: int, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Those of `order` words that lengthen each of `parents` (P,), none of which is -1: how
        many of each (P,), and all of them behind each other."""
        edges = self._edges[order - 1]
        return spans(edges, parents)

    @cached_property
    def _keys(self) -> list[np.ndarray]:
        return [p * self.vocabulary_size + w for p, w in zip(self.parents, self.words, strict=True)]

    @cached_property
    def _edges(self) -> list[np.ndarray]:
        """Where each parent's children begin, of each order."""
        before = [1, *self.sizes]
        return [
            np.searchsorted(parents, np.arange(before[order] + 1))
            for order, parents in enumerate(self.parents)
        ]


def spans(edges: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of rows that lie behind each other, row n from `edges[n]` to before `edges[n + 1]`: how many
    places each of the chosen has, and all these places, row by row."""
    first = edges[chosen]
    counts = edges[chosen + 1] - first
    before = np.cumsum(counts) - counts
    return counts, np.repeat(first - before, counts) + np.arange(counts.sum())
