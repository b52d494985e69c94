"""What beam search, greedy search and sampling share: the batch, its pictures, their sentences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from looksay.decoding.hypothesis import History, Hypothesis
from looksay.decoding.options import DecodingOptions
from looksay.decoding.rules import Rules


class Choice(NamedTuple):
    """The next tokens (B, K), the beam each continues, and which pictures need no more."""

    tokens_BK: np.ndarray
    parents_BK: np.ndarray
    done_B: np.ndarray


class Search(ABC):
    """A search over the sentences of several pictures, fed a step at a time.

    A row of the batch is one of the pictures; `keep` drops rows, and a picture's results stay.
    """

    def __init__(self, num_pictures: int, options: DecodingOptions):
        self.options = options
        self.pictures = np.arange(num_pictures)  # of each row

    @abstractmethod
    def advance(self, log_probs_BKV: np.ndarray, attention_BKR: np.ndarray) -> Choice:
        """Choose the next tokens."""

    @abstractmethod
    def results(self, picture: int) -> list[Hypothesis]:
        """A picture's sentences, best first."""

    def keep(self, rows: np.ndarray) -> None:
        """Go on with these rows only."""
        self.pictures = self.pictures[rows]


class SentenceSearch(Search):
    """A search that follows its sentences itself: their words so far, and how they came about."""

    def __init__(self, num_pictures: int, options: DecodingOptions):
        super().__init__(num_pictures, options)
        self.rules = Rules(options)
        self.history = History(options.length_power)
        self.rows = np.arange(num_pictures)  # of each picture
        self.prefix_BKT = np.zeros((num_pictures, 1, 0), np.int32)

    @property
    def num_words(self) -> int:
        """How many words the live sentences have."""
        return self.prefix_BKT.shape[-1]

    def keep(self, rows: np.ndarray) -> None:
        super().keep(rows)
        self.rows = np.zeros_like(self.rows)
        self.rows[self.pictures] = np.arange(len(rows))
        self.prefix_BKT = self.prefix_BKT[rows]

    def extend(self, tokens_BK: np.ndarray, parents_BK: np.ndarray) -> None:
        """Lengthen the sentences by the chosen tokens."""
        longer = (len(tokens_BK), tokens_BK.shape[1], self.num_words + 1)
        prefix_BKT = np.empty(longer, np.int32)
        prefix_BKT[..., :-1] = np.take_along_axis(self.prefix_BKT, parents_BK[..., None], axis=1)
        prefix_BKT[..., -1] = tokens_BK
        self.prefix_BKT = prefix_BKT
