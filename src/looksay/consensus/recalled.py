"""What is recalled of pictures: how much people would say each n-gram of them.

B pictures, K beams, G n-grams, W words, M sentences, T words of the longest.
"""

from __future__ import annotations

import numpy as np

from looksay.consensus.ngrams import NGrams
from looksay.metrics.cider import SCALE
from looksay.metrics.ngrams import MAX_N
from looksay.text import SPECIALS

_PER_ORDER = SCALE / MAX_N


class Recalled:
    """Implements `looksay.decoding.consensus.Consensus`.

    A sentence's agreement is CIDEr's (Vedantam et al. 2015, eq. 2 and 3) without clipping and
    length penalty, its references' mean vectors being those that are recalled:
    `10 / 4 * sum over n of <g_n, values_n> / |g_n|`, where g_n is the sentence's tf-idf vector.

    values_BG: the recalled vectors. idf: (G,). norms: (4,), how long a caption's vector usually is
    in each order. rarest: the idf of n-grams that are not known.
    """

    def __init__(
        self,
        ngrams: NGrams,
        values_BG: np.ndarray,
        idf: np.ndarray,
        norms: np.ndarray,
        rarest: float,
    ):
        self._ngrams, self._values_BG = ngrams, values_BG
        self._idf, self._rarest = idf, rarest
        self._gains_BG = values_BG * (idf * (_PER_ORDER / np.repeat(norms, ngrams.sizes)))
        num_words = ngrams.vocabulary_size - len(SPECIALS)
        self._gains_BW = np.zeros((len(values_BG), num_words), np.float32)
        single = ngrams.words[0] - len(SPECIALS)
        self._gains_BW[:, single] = self._gains_BG[:, : ngrams.sizes[0]]

    def gains(self, pictures_B: np.ndarray, prefix_BKT: np.ndarray) -> np.ndarray:
        """About what each word adds to the agreement, (B, K, W): by the n-grams that it completes,
        as if the sentence's vectors were of the usual length. A word that the sentence has already
        takes back what it gave, since a second time it lengthens the vector and little more."""
        num_beams, length = prefix_BKT.shape[1:]
        gains_BKW = np.repeat(self._gains_BW[pictures_B][:, None], num_beams, axis=1)
        gains_NW = gains_BKW.reshape(-1, gains_BKW.shape[-1])  # the same memory
        said_NT = prefix_BKT.reshape(len(gains_NW), length) - len(SPECIALS)
        rows_N1 = np.arange(len(gains_NW))[:, None]
        gains_NW[rows_N1, said_NT] = -gains_NW[rows_N1, said_NT]
        pictures_N = np.repeat(pictures_B, num_beams)
        for order in range(2, min(MAX_N, length + 1) + 1):
            contexts_N = self._ngrams.find_last(prefix_BKT[..., length - order + 1 :]).ravel()
            known = np.flatnonzero(contexts_N >= 0)
            counts, children = self._ngrams.children(order, contexts_N[known])
            rows = np.repeat(known, counts)
            words = self._ngrams.words[order - 1][children] - len(SPECIALS)
            places = children + self._ngrams.offsets[order - 1]
            gains_NW[rows, words] += self._gains_BG[pictures_N[rows], places]
        return gains_BKW

    def agreements(self, pictures_M: np.ndarray, words_MT: np.ndarray) -> np.ndarray:
        """How well whole sentences, -1 behind their ends, agree with what people say, (M,)."""
        pairs_MTT = words_MT[:, :, None] == words_MT[:, None, :]  # of places with equal n-grams
        equal_MTT, nodes_MT = pairs_MTT, np.zeros_like(words_MT)
        total_M = np.zeros(len(words_MT))
        for order in range(1, min(MAX_N, words_MT.shape[1]) + 1):
            last_MT = words_MT[:, order - 1 :]
            size = last_MT.shape[1]
            nodes_MT = self._ngrams.find(order, nodes_MT[:, :size], last_MT)
            if order > 1:
                shifted_MTT = pairs_MTT[:, order - 1 :, order - 1 :]
                equal_MTT = equal_MTT[:, :size, :size] & shifted_MTT
            there_MT = last_MT >= 0
            counts_MT = (equal_MTT & there_MT[:, None]).sum(axis=2)
            values_MT, idf_MT = self._look_up(order, pictures_M, nodes_MT, there_MT)
            squares_M = (counts_MT * idf_MT**2).sum(axis=1)
            total_M += (values_MT * idf_MT).sum(axis=1) / np.sqrt(np.where(squares_M, squares_M, 1))
        return _PER_ORDER * total_M

    def _look_up(
        self, order: int, pictures_M: np.ndarray, nodes_MT: np.ndarray, there_MT: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Recalled values and idf of n-grams, 0 for those that are not there."""
        if not len(self._ngrams):  # too few pictures for any consensus
            return np.zeros(there_MT.shape), np.where(there_MT, self._rarest, 0.0)
        known_MT = there_MT & (nodes_MT >= 0)
        places_MT = np.where(known_MT, nodes_MT + self._ngrams.offsets[order - 1], 0)
        values_MT = np.where(known_MT, self._values_BG[pictures_M[:, None], places_MT], 0)
        idf_MT = np.where(known_MT, self._idf[places_MT], self._rarest)
        return values_MT, np.where(there_MT, idf_MT, 0)
