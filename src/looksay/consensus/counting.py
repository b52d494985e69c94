"""What people say of pictures, as CIDEr sees it: each picture's mean tf-idf vector of n-grams.

Vedantam, Zitnick and Parikh 2015, https://arxiv.org/abs/1411.5726, equation 1.

N pictures, C captions of all of them, W windows of n words, G n-grams, Z values that are not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np

from looksay.consensus.ngrams import NGrams, spans
from looksay.metrics.ngrams import MAX_N
from looksay.text import UNK


@dataclass(frozen=True, kw_only=True)
class Said:
    """What people say of N pictures, in n-grams numbered through all orders as in `NGrams`.

    idf: (G,) float32. starts (N + 1,), columns (Z,), values (Z,) float32: of each picture the mean
    over its captions of their vectors, which have the length 1 in each order. norms: (MAX_N,), how
    long a caption's vector is before that, the median.
    """

    ngrams: NGrams
    idf: np.ndarray
    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    norms: np.ndarray

    def sum(self, pictures_S: np.ndarray, weights_S: np.ndarray) -> np.ndarray:
        """The weighted sum (G,) of some pictures' vectors."""
        counts_S, places = spans(self.starts, pictures_S)
        weights = np.repeat(weights_S, counts_S) * self.values[places]
        return np.bincount(self.columns[places], weights, len(self.ngrams))


class _Order(NamedTuple):
    """The n-grams of one order, kept or not: see `_Counter.count`."""

    words: np.ndarray
    parents: np.ndarray
    idf: np.ndarray
    kept: np.ndarray
    pictures: np.ndarray
    nodes: np.ndarray
    values: np.ndarray
    norm: float


def count_captions(
    captions: Sequence[Sequence[Sequence[int]]], vocabulary_size: int, *, min_pictures: int
) -> Said:
    """Count the captions, without ENDs, of each picture; n-grams of fewer pictures than
    `min_pictures` or with a word not in the vocabulary are left out, though they count in the
    length of the vectors they were in."""
    counter = _Counter(captions, vocabulary_size, min_pictures)
    orders = [counter.count(order) for order in range(1, MAX_N + 1)]
    number, offset = [], 0  # each n-gram's number among those kept
    for order in orders:
        number.append(np.where(order.kept, offset + np.cumsum(order.kept) - 1, -1))
        offset += int(order.kept.sum())
    pictures = np.concatenate([order.pictures for order in orders])
    columns = np.concatenate([n[order.nodes] for n, order in zip(number, orders, strict=True)])
    values = np.concatenate([order.values for order in orders])
    sort = np.lexsort((columns, pictures))
    sort = sort[columns[sort] >= 0]
    return Said(
        ngrams=_tree(orders, vocabulary_size),
        idf=np.concatenate([order.idf[order.kept] for order in orders]).astype(np.float32),
        starts=np.searchsorted(pictures[sort], np.arange(len(captions) + 1)),
        columns=columns[sort],
        values=values[sort].astype(np.float32),
        norms=np.array([order.norm for order in orders]),
    )


def _tree(orders: Sequence[_Order], vocabulary_size: int) -> NGrams:
    words, parents = [], []
    number = np.zeros(1, np.int64)  # of an n-gram of the order before, among those kept
    for order in orders:
        words.append(order.words[order.kept])
        parents.append(number[order.parents[order.kept]])
        number = np.cumsum(order.kept) - 1
    return NGrams(words, parents, vocabulary_size)


class _Counter:
    """Counts one order after the other, each from the n-grams of the one before."""

    def __init__(
        self,
        captions: Sequence[Sequence[Sequence[int]]],
        vocabulary_size: int,
        min_pictures: int,
    ):
        self._num_pictures, self._min_pictures = len(captions), min_pictures
        self._vocabulary_size = vocabulary_size
        every = list(chain.from_iterable(captions))
        lengths = np.array([len(caption) for caption in every], np.int64)
        self._tokens = np.fromiter(chain.from_iterable(every), np.int64, lengths.sum())
        self._caption = np.repeat(np.arange(len(every)), lengths)
        self._left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(self._tokens))
        each = np.array([len(of_one) for of_one in captions], np.int64)
        self._picture = np.repeat(np.arange(len(captions)), each)  # of each caption
        self._share = 1 / each[self._picture]
        # of the windows of the order before: where they begin, their n-grams, which are kept
        self._begins = np.arange(len(self._tokens))
        self._nodes = np.zeros(len(self._tokens), np.int64)
        self._kept, self._strange = np.ones(1, bool), np.zeros(1, bool)

    def count(self, order: int) -> _Order:
        fit = self._left[self._begins] >= order
        begins, parents_W = self._begins[fit], self._nodes[fit]
        keys_W = parents_W * self._vocabulary_size + self._tokens[begins + order - 1]
        keys, nodes_W = np.unique(keys_W, return_inverse=True)
        parents, words = np.divmod(keys, self._vocabulary_size)
        captions_W = self._caption[begins]
        pictures, nodes, _ = _pairs(self._picture[captions_W], nodes_W, len(keys))
        in_pictures = np.bincount(nodes, minlength=len(keys))
        strange = self._strange[parents] | (words == UNK)
        # words not in the vocabulary are many under one token, each of them rare
        idf = np.log(self._num_pictures / np.where(strange, 1, in_pictures))
        kept = self._kept[parents] & (in_pictures >= self._min_pictures) & ~strange
        captions, nodes, counts = _pairs(captions_W, nodes_W, len(keys))
        weights = counts * idf[nodes]
        norms = np.sqrt(np.bincount(captions, weights**2, len(self._share)))
        weights *= (self._share / np.where(norms > 0, norms, 1))[captions]
        pictures, nodes, values = _pairs(self._picture[captions], nodes, len(keys), weights)
        self._begins, self._nodes, self._kept, self._strange = begins, nodes_W, kept, strange
        norm = float(np.median(norms[norms > 0])) if norms.any() else 1.0
        return _Order(words, parents, idf, kept, pictures, nodes, values, norm)


def _pairs(
    rows: np.ndarray, nodes: np.ndarray, num_nodes: int, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct pairs of a row and an n-gram, and how often each is there, or its weight."""
    pairs, where = np.unique(rows * max(num_nodes, 1) + nodes, return_inverse=True)
    totals = np.bincount(where, weights, len(pairs))
    return *np.divmod(pairs, max(num_nodes, 1)), totals
