"""Greedy search and sampling: sentences that grow one beside another and are never exchanged.

B pictures, K sentences of a picture, C choices (see rules.py), V vocabulary, R places.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np

from looksay.decoding.hypothesis import Hypothesis
from looksay.decoding.options import DecodingOptions
from looksay.decoding.search import Choice, SentenceSearch
from looksay.text import END, PAD


class Chains(SentenceSearch):
    """`num_captions` independent sentences a picture; `choose` picks each one's next token."""

    def __init__(self, num_pictures: int, options: DecodingOptions):
        super().__init__(num_pictures, options)
        shape = num_pictures, options.num_captions
        self._over_BK = np.zeros(shape, bool)
        # Of all pictures, whether still in the batch or not:
        self._ended = np.zeros(shape, bool)
        self._length = np.full(shape, options.max_words)

    def choose(self, choices_BKC: np.ndarray) -> np.ndarray:
        """The choice of each sentence, (B, K): the likeliest; END where it ties with a word."""
        return choices_BKC.argmax(axis=-1)

    def advance(self, log_probs_BKV: np.ndarray, attention_BKR: np.ndarray) -> Choice:
        num_rows, num_before, _ = log_probs_BKV.shape
        choices_BKC = self.rules.choices(log_probs_BKV, self.prefix_BKT)
        choice_BK = self.choose(choices_BKC)
        # The sentences of a picture begin as one and part after the first step.
        parents_BK = np.broadcast_to(
            np.arange(choice_BK.shape[1]) % num_before, (num_rows, choice_BK.shape[1])
        )
        rows_B1 = np.arange(num_rows)[:, None]
        chosen_BK = choices_BKC[rows_B1, parents_BK, choice_BK]
        tokens_BK = self._settle(choice_BK + END, chosen_BK)
        end_log_probs_BK = log_probs_BKV[rows_B1, parents_BK, END]
        attention_BKR = np.broadcast_to(
            attention_BKR, (num_rows, tokens_BK.shape[1], attention_BKR.shape[-1])
        )
        self.history.add(
            self.rows, end_log_probs_BK, attention_BKR, tokens_BK, chosen_BK, self._same(tokens_BK)
        )
        self.extend(tokens_BK, parents_BK)
        return Choice(tokens_BK, parents_BK, np.asarray(self._over_BK.all(axis=1)))

    def results(self, picture: int) -> list[Hypothesis]:
        found = [
            self.history.read(picture, k, int(length), bool(self._ended[picture, k]))
            for k, length in enumerate(self._length[picture])
        ]
        return sorted(found, key=lambda hypothesis: -hypothesis.score)

    def keep(self, rows: np.ndarray) -> None:
        super().keep(rows)
        self._over_BK = self._over_BK[rows]

    def _settle(self, tokens_BK: np.ndarray, log_probs_BK: np.ndarray) -> np.ndarray:
        """Note the sentences that end here, or can't go on; padding follows what is over."""
        ends_BK = (tokens_BK == END) & (log_probs_BK > -np.inf) & ~self._over_BK
        stops_BK = ends_BK | ((log_probs_BK == -np.inf) & ~self._over_BK)
        b, k = np.nonzero(stops_BK)
        self._ended[self.pictures[b], k] = ends_BK[b, k]
        self._length[self.pictures[b], k] = self.num_words
        tokens_BK = np.where(self._over_BK | stops_BK, PAD, tokens_BK).astype(np.int32)
        self._over_BK |= stops_BK
        return tokens_BK

    @staticmethod
    def _same(tokens_BK: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.arange(tokens_BK.shape[1]), tokens_BK.shape)


class Samples(Chains):
    """Ancestral sampling with temperature, top-k and top-p (nucleus, Holtzman et al. 2020).

    Each picture has its own random numbers, from the seed and its number, so that a caption does
    not depend on which pictures share the batch.
    """

    def __init__(self, options: DecodingOptions, numbers: Sequence[int]):
        super().__init__(len(numbers), options)
        seed = secrets.randbits(63) if options.seed is None else options.seed
        shape = options.num_captions, options.max_words + 1
        self._random = np.array(
            [np.random.default_rng((seed, number)).random(shape) for number in numbers]
        )

    def choose(self, choices_BKC: np.ndarray) -> np.ndarray:
        """One choice a random number, by inversion of the cumulated probabilities."""
        options = self.options
        weights_BKC = _softmax(choices_BKC, options.temperature)
        random_BK = self._random[self.pictures, :, self.num_words]
        if not options.top_k and options.top_p == 1.0:
            return _invert(weights_BKC, random_BK)
        order_BKC = _likeliest(weights_BKC, options.top_k, options.top_p)
        total = weights_BKC.sum(axis=-1, keepdims=True)
        weights_BKC = np.take_along_axis(weights_BKC, order_BKC, axis=-1)
        if options.top_k:
            total = weights_BKC.sum(axis=-1, keepdims=True)
        before = np.cumsum(weights_BKC, axis=-1) - weights_BKC
        before[..., 0] = -1.0
        weights_BKC[before >= options.top_p * total] = 0.0  # the word that crosses top_p stays
        place_BK = _invert(weights_BKC, random_BK)
        order_BKC = np.broadcast_to(order_BKC, (*place_BK.shape, order_BKC.shape[-1]))
        return np.take_along_axis(order_BKC, place_BK[..., None], axis=-1)[..., 0]


def _softmax(choices_BKC: np.ndarray, temperature: float) -> np.ndarray:
    scaled = choices_BKC.astype(np.float64)
    top = scaled.max(axis=-1, keepdims=True)
    scaled -= np.where(top == -np.inf, 0.0, top)  # nothing allowed: all weights 0
    scaled /= temperature
    return np.exp(scaled, out=scaled)


def _likeliest(weights_BKC: np.ndarray, top_k: int, top_p: float) -> np.ndarray:
    """The `top_k` heaviest choices, or at least as many as make up `top_p`; heaviest first."""
    width = weights_BKC.shape[-1]
    count = min(top_k or 100, width)
    order = _heaviest(weights_BKC, count)
    if not top_k and count < width:
        heavy = np.take_along_axis(weights_BKC, order, axis=-1).sum(axis=-1)
        if (heavy < top_p * weights_BKC.sum(axis=-1)).any():
            return _heaviest(weights_BKC, width)
    return order


def _heaviest(weights_BKC: np.ndarray, count: int) -> np.ndarray:
    if count == weights_BKC.shape[-1]:
        return np.argsort(-weights_BKC, axis=-1, kind="stable")
    best = np.argpartition(-weights_BKC, count, axis=-1)[..., :count]
    order = np.argsort(-np.take_along_axis(weights_BKC, best, axis=-1), axis=-1, kind="stable")
    return np.take_along_axis(best, order, axis=-1)


def _invert(weights_BKC: np.ndarray, random_BK: np.ndarray) -> np.ndarray:
    """Where each random number of [0, 1) falls among the cumulated weights."""
    cumulated = np.cumsum(weights_BKC, axis=-1)
    total = cumulated[..., -1:]
    threshold = np.minimum(random_BK[..., None] * total, np.nextafter(total, 0.0))
    return np.minimum((cumulated <= threshold).sum(axis=-1), weights_BKC.shape[-1] - 1)
