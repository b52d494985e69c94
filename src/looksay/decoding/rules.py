"""Which tokens may come next.

Choices C are the tokens from END on: PAD and START stand before END and are left out by the slice,
UNK is forbidden. So a choice c is the token END + c, and words begin at the choice FIRST_WORD.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from looksay.decoding.options import DecodingOptions
from looksay.text import END, SPECIALS, UNK

FIRST_WORD = len(SPECIALS) - END


class Rules:
    """The options' limits on what is generated: minimum length and no repeated n-grams."""

    def __init__(self, options: DecodingOptions):
        self._min_words = options.min_words
        self._ngram = options.no_repeat_ngram

    def choices(self, log_probs_BKV: np.ndarray, prefix_BKT: np.ndarray) -> np.ndarray:
        """A copy (B, K, C) of the log-probabilities, -inf for what may not come after the prefix.

        A sentence to which no word at all may be added is allowed to end before its minimum.
        """
        choices_BKC = log_probs_BKV[..., END:].copy()
        choices_BKC[..., UNK - END] = -np.inf
        if self._ngram:
            _forbid_repeats(choices_BKC, prefix_BKT, self._ngram)
        if prefix_BKT.shape[-1] < self._min_words:
            has_word_BK = choices_BKC[..., FIRST_WORD:].max(axis=-1) > -np.inf
            choices_BKC[..., 0][has_word_BK] = -np.inf
        return choices_BKC


def _forbid_repeats(choices_BKC: np.ndarray, prefix_BKT: np.ndarray, n: int) -> None:
    """Forbid each word that would complete an n-gram the sentence has already."""
    num_words = prefix_BKT.shape[-1]
    if num_words < n:
        return
    followers = prefix_BKT[..., n - 1 :]
    if n == 1:
        b, k, t = np.nonzero(np.ones(followers.shape, bool))
    else:
        windows = sliding_window_view(prefix_BKT[..., :-1], n - 1, axis=-1)
        last = prefix_BKT[..., None, num_words - n + 1 :]
        b, k, t = np.nonzero((windows == last).all(axis=-1))
    tokens = followers[b, k, t]
    words = tokens >= len(SPECIALS)  # a sentence that is over is followed by padding
    choices_BKC[b[words], k[words], tokens[words] - END] = -np.inf
