"""Beam search: the K best unfinished sentences of each picture, side by side.

B pictures, K beams after a step, P before it (1 at first), C choices (see rules.py), N candidates.
"""

from __future__ import annotations

import numpy as np

from looksay.decoding.hypothesis import Hypothesis, normalised
from looksay.decoding.options import DecodingOptions
from looksay.decoding.rules import FIRST_WORD
from looksay.decoding.search import Choice, Search
from looksay.text import END, SPECIALS


class Beam(Search):
    """Beam search with frozen finished sentences and length normalisation.

    A sentence ends when its END is among the K best continuations of its picture; it is then kept
    with its score, takes no further part, and its place goes to the next best unfinished one. A
    picture is done when K sentences have ended, or when no live one could still beat those wanted:
    its log-probability only falls, and no length divides it by more than the greatest.

    One beam always follows the greedy sentence, so the result never scores below greedy search's:
    a wider beam alone does not ensure that.
    """

    def __init__(self, num_pictures: int, options: DecodingOptions):
        super().__init__(num_pictures, options)
        size = options.beam_size
        self._scores_BK = np.zeros((num_pictures, 1))
        self._greedy_B = np.zeros(num_pictures, np.int64)  # its beam; -1 when it has ended
        # Of all pictures: the best that ended, best first, and where the history has them;
        self._ended = np.full((num_pictures, size), -np.inf)
        self._ended_beam = np.zeros((num_pictures, size), np.int64)
        self._ended_words = np.zeros((num_pictures, size), np.int64)
        # and the last that had not.
        self._open = np.full((num_pictures, size), -np.inf)
        self._open_words = np.zeros(num_pictures, np.int64)

    def advance(self, log_probs_BKV: np.ndarray, attention_BKR: np.ndarray) -> Choice:
        size = self.options.beam_size
        choices_BPC = self.rules.choices(log_probs_BKV, self.prefix_BKT)
        ends_BP = choices_BPC[..., 0]
        words_BPN, values_BPN = top_words(choices_BPC[..., FIRST_WORD:], size)
        totals_BN = (self._scores_BK[..., None] + values_BPN).reshape(len(ends_BP), -1)
        best_BK = np.argsort(-totals_BN, axis=-1, kind="stable")[:, :size]
        rivals_BK = np.take_along_axis(totals_BN, best_BK, axis=1)
        self._end(ends_BP, rivals_BK, values_BPN[..., 0])
        best_BK = self._follow_greedy(best_BK, values_BPN.shape[-1])

        scores_BK = np.take_along_axis(totals_BN, best_BK, axis=1)
        parents_BK = best_BK // values_BPN.shape[-1]
        tokens_BK = np.take_along_axis(words_BPN.reshape(totals_BN.shape), best_BK, axis=1)
        tokens_BK = (tokens_BK + len(SPECIALS)).astype(np.int32)
        chosen_BK = np.take_along_axis(values_BPN.reshape(totals_BN.shape), best_BK, axis=1)
        missing = size - best_BK.shape[1]  # fewer words than beams: some beams stay dead
        if missing:
            scores_BK = np.pad(scores_BK, ((0, 0), (0, missing)), constant_values=-np.inf)
            parents_BK, tokens_BK, chosen_BK = (
                np.pad(array, ((0, 0), (0, missing)), mode="edge")
                for array in (parents_BK, tokens_BK, chosen_BK)
            )
        self.history.add(
            self.rows,
            log_probs_BKV[..., END].copy(),
            attention_BKR,
            tokens_BK,
            chosen_BK,
            parents_BK,
        )
        self.extend(tokens_BK, parents_BK)
        return Choice(tokens_BK, parents_BK, self._finish(scores_BK))

    def results(self, picture: int) -> list[Hypothesis]:
        found = [
            self.history.read(picture, int(beam), int(num_words), True)
            for score, beam, num_words in zip(
                self._ended[picture],
                self._ended_beam[picture],
                self._ended_words[picture],
                strict=True,
            )
            if score > -np.inf
        ]
        found = found[: self.options.num_captions]
        if len(found) < self.options.num_captions:
            found += self._unfinished(picture, {hypothesis.words for hypothesis in found})
        return found[: self.options.num_captions]

    def keep(self, rows: np.ndarray) -> None:
        super().keep(rows)
        self._scores_BK = self._scores_BK[rows]
        self._greedy_B = self._greedy_B[rows]

    def _unfinished(self, picture: int, words: set[tuple[int, ...]]) -> list[Hypothesis]:
        """The live sentences that differ from the finished ones."""
        num_words = int(self._open_words[picture])
        scores = self._open[picture]
        order = np.argsort(-scores, kind="stable")
        found = (
            self.history.read(picture, int(k), num_words, False)
            for k in order
            if scores[k] > -np.inf
        )
        return [hypothesis for hypothesis in found if hypothesis.words not in words]

    def _end(self, ends_BP: np.ndarray, rivals_BK: np.ndarray, best_word_BP: np.ndarray) -> None:
        """Keep the sentences whose END is among the best continuations, or that greedy search
        would end."""
        size = self.options.beam_size
        totals_BP = self._scores_BK + ends_BP
        rows = np.arange(len(ends_BP))
        greedy_ends_B = (self._greedy_B >= 0) & (
            ends_BP[rows, self._greedy_B] >= best_word_BP[rows, self._greedy_B]
        )
        accepted_BP = totals_BP >= _nth_best(np.concatenate([rivals_BK, totals_BP], axis=1), size)
        accepted_BP[rows[greedy_ends_B], self._greedy_B[greedy_ends_B]] = True
        accepted_BP &= totals_BP > -np.inf
        self._greedy_B[greedy_ends_B] = -1
        if accepted_BP.any():
            length = self.num_words + 1
            scores = normalised(totals_BP, length, self.options.length_power)
            self._remember(np.where(accepted_BP, scores, -np.inf))

    def _remember(self, scores_BP: np.ndarray) -> None:
        """Merge newly ended sentences into the best of each picture."""
        size = self.options.beam_size
        pictures = self.pictures
        beams_BP = np.broadcast_to(np.arange(scores_BP.shape[1]), scores_BP.shape)
        words_BP = np.full(scores_BP.shape, self.num_words)
        merged = np.concatenate([self._ended[pictures], scores_BP], axis=1)
        order = np.argsort(-merged, axis=1, kind="stable")[:, :size]
        self._ended[pictures] = np.take_along_axis(merged, order, axis=1)
        for store, new in ((self._ended_beam, beams_BP), (self._ended_words, words_BP)):
            both = np.concatenate([store[pictures], new], axis=1)
            store[pictures] = np.take_along_axis(both, order, axis=1)

    def _follow_greedy(self, best_BK: np.ndarray, num_each: int) -> np.ndarray:
        """Put the greedy sentence's likeliest word in the last place if it is not in the beam."""
        wanted_B = self._greedy_B * num_each  # a beam's words are sorted: its first
        found_BK = best_BK == wanted_B[:, None]
        lost_B = (self._greedy_B >= 0) & ~found_BK.any(axis=1)
        best_BK[lost_B, -1] = wanted_B[lost_B]
        found_BK[lost_B, -1] = True
        self._greedy_B = np.where(self._greedy_B >= 0, found_BK.argmax(axis=1), -1)
        return best_BK

    def _finish(self, scores_BK: np.ndarray) -> np.ndarray:
        """Which pictures need no more steps; their beams die, so that nothing more can end."""
        options = self.options
        live_B = (scores_BK > -np.inf).any(axis=1)
        if self.num_words <= options.max_words:  # the step after the last word only ends sentences
            self._open[self.pictures[live_B]] = scores_BK[live_B]
            self._open_words[self.pictures[live_B]] = self.num_words
        bounds_BK = normalised(scores_BK, options.max_words + 1, options.length_power)
        rows = np.arange(len(scores_BK))
        greedy_B = np.where(self._greedy_B >= 0, bounds_BK[rows, self._greedy_B], -np.inf)
        ended_BK = self._ended[self.pictures]
        done_B = bounds_BK.max(axis=1) <= ended_BK[:, options.num_captions - 1]
        done_B |= (ended_BK[:, -1] > -np.inf) & (greedy_B <= ended_BK[:, 0])
        self._scores_BK = np.where(done_B[:, None], -np.inf, scores_BK)
        self._greedy_B[done_B] = -1
        return done_B


def top_words(words_BPW: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` best words of each beam (all, if it has fewer), best first, and their values.

    Overwrites its argument. Of equal words the first is taken first, as argmax does; for a handful,
    repeated argmax is also faster than a partition.
    """
    count = min(count, words_BPW.shape[-1])
    num_argmax = count if count <= 8 else 1
    shape = (*words_BPW.shape[:2], num_argmax)
    best = np.empty(shape, np.int64)
    values = np.empty(shape, np.float64)
    b, p = np.ogrid[: shape[0], : shape[1]]
    for n in range(num_argmax):
        best[..., n] = words_BPW.argmax(axis=-1)
        values[..., n] = words_BPW[b, p, best[..., n]]
        words_BPW[b, p, best[..., n]] = -np.inf
    if num_argmax == count:
        return best, values
    rest, rest_values = _partitioned(words_BPW, count - 1)
    return np.concatenate([best, rest], axis=-1), np.concatenate([values, rest_values], axis=-1)


def _partitioned(words_BPW: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    first = words_BPW.shape[-1] - count
    best = np.argpartition(words_BPW, first, axis=-1)[..., first:]
    values = np.take_along_axis(words_BPW, best, axis=-1).astype(np.float64)
    order = np.argsort(-values, axis=-1, kind="stable")
    return np.take_along_axis(best, order, axis=-1), np.take_along_axis(values, order, axis=-1)


def _nth_best(totals_BN: np.ndarray, n: int) -> np.ndarray:
    if totals_BN.shape[1] <= n:
        return np.full((len(totals_BN), 1), -np.inf)
    return -np.partition(-totals_BN, n - 1, axis=1)[:, n - 1 : n]
