"""Beam search guided by consensus: by how well a caption agrees with what people say of pictures
like this one.

Consensus reranking of a beam is of Devlin et al. 2015 (https://arxiv.org/abs/1505.04467) and Mao et
al. 2015 (https://arxiv.org/abs/1412.6632, section 8); here it guides the beam as well.

B pictures (rows of the batch), K beams, W words, M sentences, T words of the longest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from typing import Protocol

import numpy as np

from looksay.decoding.beam import Beam
from looksay.decoding.hypothesis import Hypothesis
from looksay.decoding.options import DecodingOptions
from looksay.decoding.search import Choice

# Found on Flickr8k's dev split, where 5 to 10 and 2 to 3 serve nearly as well.
GUIDANCE = 7.0  # of a word, as a multiple of the whole caption's weight per length
KEPT = 2  # finished sentences to choose among, as a multiple of the beam: each costs steps


class Consensus(Protocol):
    """What is known of some pictures from others like them."""

    def gains(self, pictures_B: np.ndarray, prefix_BKT: np.ndarray) -> np.ndarray:
        """About how much each word (B, K, W) adds to a sentence's agreement after this prefix: an
        array of the caller's own."""
        ...

    def agreements(self, pictures_M: np.ndarray, words_MT: np.ndarray) -> np.ndarray:
        """How well whole sentences, -1 behind their ends, agree with what people say, (M,): as
        large as the CIDEr-D that is to be expected, 0 to 10 and mostly below 1."""
        ...


class ConsensusBeam(Beam):
    """Finished sentences by `log-probability / length ** length_power + consensus * agreement`.

    In the beam a word has its log-probability and `GUIDANCE * consensus` of what it adds to the
    agreement. What is found does not depend on how many captions are wanted.
    """

    def __init__(self, num_pictures: int, options: DecodingOptions, consensus: Consensus):
        num_kept = KEPT * options.beam_size
        super().__init__(num_pictures, options, with_greedy=False, num_kept=num_kept)
        self._consensus = consensus

    def advance(
        self,
        log_probs_BKV: np.ndarray,
        attention_BKR: np.ndarray,
        bonus_BPW: np.ndarray | None = None,
    ) -> Choice:
        gains_BKW = self._consensus.gains(self.pictures, self.prefix_BKT)
        gains_BKW *= GUIDANCE * self.options.consensus
        if bonus_BPW is not None:
            gains_BKW += bonus_BPW
        return super().advance(log_probs_BKV, attention_BKR, gains_BKW)

    def _finished(self, picture: int, wanted: int) -> list[Hypothesis]:
        scores_K, agreements_K = self._scores[picture], self._agreements[picture]
        best = np.argsort(-scores_K, kind="stable")[:wanted]
        return [
            dataclasses.replace(
                self._read(picture, place),
                score=float(scores_K[place]),
                consensus=float(agreements_K[place]),
            )
            for place in best
            if scores_K[place] > -np.inf
        ]

    def _unfinished(self, picture: int, words: set[tuple[int, ...]]) -> Iterator[Hypothesis]:
        found = []
        for each in super()._unfinished(picture, words):
            words_1T = np.array([each.words], np.int64)
            agreement = float(self._consensus.agreements(np.array([picture]), words_1T)[0])
            score = each.score + self.options.consensus * agreement
            found.append(dataclasses.replace(each, score=score, consensus=agreement))
        yield from sorted(found, key=lambda each: -each.score)

    @cached_property
    def _agreements(self) -> np.ndarray:
        """Of all finished sentences, counted as `_ended` is; 0 where there is none."""
        there = self._ended > -np.inf
        pictures_M = np.nonzero(there)[0]
        words_MT = self.history.words(pictures_M, self._ended_beam[there], self._ended_words[there])
        agreements = np.zeros_like(self._ended)
        agreements[there] = self._consensus.agreements(pictures_M, words_MT)
        return agreements

    @cached_property
    def _scores(self) -> np.ndarray:
        return self._ended + self.options.consensus * self._agreements
