"""Beam search: the K best unfinished sentences of each picture, side by side.

B pictures, K beams after a step, P before it (1 at first), C choices (see rules.py), W words.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from looksay.decoding.candidates import best_continuations
from looksay.decoding.hypothesis import Hypothesis, normalised
from looksay.decoding.options import DecodingOptions
from looksay.decoding.rules import FIRST_WORD
from looksay.decoding.search import Choice, SentenceSearch
from looksay.text import END, SPECIALS


class Beam(SentenceSearch):
    """Beam search with frozen finished sentences and length normalisation.

    A sentence ends when its END is among the K best continuations of its picture; it is then kept
    with its score, takes no further part, and its place goes to the next best unfinished one. A
    picture is done when K sentences have ended, or when no live one could still beat those wanted:
    its log-probability only falls, and no length divides it by more than the greatest.

    One beam always follows the greedy sentence, so the result never scores below greedy search's:
    a wider beam alone does not ensure that. `with_greedy` False leaves it out.

    `num_kept`: of each picture so many finished sentences are kept instead of K, and all of them
    are wanted.
    """

    def __init__(
        self,
        num_pictures: int,
        options: DecodingOptions,
        *,
        with_greedy: bool = True,
        num_kept: int | None = None,
    ):
        super().__init__(num_pictures, options)
        size = num_kept or options.beam_size
        self._num_wanted = num_kept or options.num_captions
        self._scores_BK = np.zeros((num_pictures, 1))
        self._bonuses_BK = np.zeros((num_pictures, 1))  # what a beam's words have gained so far
        # The greedy sentence's beam; -1 when it has ended, or is not followed.
        self._greedy_B = np.full(num_pictures, 0 if with_greedy else -1)
        # Of all pictures: the best that ended, best first, and where the history has them;
        self._ended = np.full((num_pictures, size), -np.inf)
        self._ended_beam = np.zeros((num_pictures, size), np.int64)
        self._ended_words = np.zeros((num_pictures, size), np.int64)
        # and the last that had not.
        self._open = np.full((num_pictures, options.beam_size), -np.inf)
        self._open_words = np.zeros(num_pictures, np.int64)

    @property
    def live_BK(self) -> np.ndarray:
        """Which beams hold a sentence that goes on."""
        return self._scores_BK > -np.inf

    def advance(
        self,
        log_probs_BKV: np.ndarray,
        attention_BKR: np.ndarray,
        bonus_BPW: np.ndarray | None = None,
    ) -> Choice:
        """Choose the next tokens. `bonus_BPW` (its P may be 1) is added to the words' log-
        probabilities and stays with the beams that choose them; it counts among rivals, but in no
        score."""
        choices_BPC = self.rules.choices(log_probs_BKV, self.prefix_BKT)
        ends_BP, words_BPW = choices_BPC[..., 0], choices_BPC[..., FIRST_WORD:]
        num_words = words_BPW.shape[-1]
        places_BK, totals_BK = self._rank(words_BPW, bonus_BPW)
        rows_B = np.arange(len(ends_BP))
        greedy_BW = words_BPW[rows_B, self._greedy_B]
        greedy_word_B = greedy_BW.argmax(axis=1)
        self._end(ends_BP, totals_BK, greedy_BW[rows_B, greedy_word_B])
        self._follow_greedy(places_BK, self._greedy_B * num_words + greedy_word_B)

        parents_BK, words_BK = np.divmod(places_BK, num_words)
        rows_B1 = rows_B[:, None]
        chosen_BK = words_BPW[rows_B1, parents_BK, words_BK]
        scores_BK = np.where(
            totals_BK > -np.inf, self._scores_BK[rows_B1, parents_BK] + chosen_BK, -np.inf
        )
        self._bonuses_BK = self._bonuses_BK[rows_B1, parents_BK]
        if bonus_BPW is not None:
            self._bonuses_BK += bonus_BPW[rows_B1, parents_BK % bonus_BPW.shape[1], words_BK]
        tokens_BK = (words_BK + len(SPECIALS)).astype(np.int32)
        end_log_probs_BP = log_probs_BKV[..., END].copy()
        self.history.add(
            self.rows, end_log_probs_BP, attention_BKR, tokens_BK, chosen_BK, parents_BK
        )
        self.extend(tokens_BK, parents_BK)
        return Choice(tokens_BK, parents_BK, self._finish(scores_BK))

    def results(self, picture: int) -> list[Hypothesis]:
        wanted = self.options.num_captions
        found = self._finished(picture, wanted)
        unfinished = self._unfinished(picture, {hypothesis.words for hypothesis in found})
        return found + list(islice(unfinished, wanted - len(found)))

    def keep(self, rows: np.ndarray) -> None:
        super().keep(rows)
        self._scores_BK = self._scores_BK[rows]
        self._bonuses_BK = self._bonuses_BK[rows]
        self._greedy_B = self._greedy_B[rows]

    def _rank(
        self, words_BPW: np.ndarray, bonus_BPW: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Places and totals (B, K) of the best continuations, what they have gained with them."""
        if bonus_BPW is not None:
            words_BPW = words_BPW + bonus_BPW
        standing_BP = self._scores_BK + self._bonuses_BK
        return best_continuations(standing_BP, words_BPW, self.options.beam_size)

    def _finished(self, picture: int, wanted: int) -> list[Hypothesis]:
        """The finished sentences, best first, as many as are wanted."""
        return [
            self._read(picture, place)
            for place in range(wanted)
            if self._ended[picture, place] > -np.inf
        ]

    def _read(self, picture: int, place: int) -> Hypothesis:
        """One of the finished sentences."""
        beam, num_words = self._ended_beam[picture, place], self._ended_words[picture, place]
        return self.history.read(picture, int(beam), int(num_words), True)

    def _unfinished(self, picture: int, words: set[tuple[int, ...]]) -> Iterator[Hypothesis]:
        """The live sentences that differ from the finished ones, best first."""
        num_words = int(self._open_words[picture])
        scores = self._open[picture]
        for k in np.argsort(-scores, kind="stable"):
            if scores[k] > -np.inf:
                hypothesis = self.history.read(picture, int(k), num_words, False)
                if hypothesis.words not in words:
                    yield hypothesis

    def _end(self, ends_BP: np.ndarray, rivals_BK: np.ndarray, greedy_B: np.ndarray) -> None:
        """Keep the sentences whose END is among the best continuations, or that greedy search
        would end: there END is at least as likely as the likeliest word, `greedy_B`."""
        totals_BP = self._scores_BK + ends_BP
        standing_BP = totals_BP + self._bonuses_BK
        rows = np.arange(len(ends_BP))
        greedy_ends_B = (self._greedy_B >= 0) & (ends_BP[rows, self._greedy_B] >= greedy_B)
        all_BN = np.concatenate([rivals_BK, standing_BP], axis=1)
        size = rivals_BK.shape[1]
        accepted_BP = standing_BP >= np.partition(all_BN, -size, axis=1)[:, -size, None]
        accepted_BP[rows[greedy_ends_B], self._greedy_B[greedy_ends_B]] = True
        accepted_BP &= totals_BP > -np.inf
        self._greedy_B[greedy_ends_B] = -1
        if accepted_BP.any():
            length = self.num_words + 1
            scores = normalised(totals_BP, length, self.options.length_power)
            self._remember(np.where(accepted_BP, scores, -np.inf))

    def _remember(self, scores_BP: np.ndarray) -> None:
        """Merge newly ended sentences into the best of each picture."""
        size = self._ended.shape[1]
        pictures = self.pictures
        beams_BP = np.broadcast_to(np.arange(scores_BP.shape[1]), scores_BP.shape)
        words_BP = np.full(scores_BP.shape, self.num_words)
        merged = np.concatenate([self._ended[pictures], scores_BP], axis=1)
        order = np.argsort(-merged, axis=1, kind="stable")[:, :size]
        self._ended[pictures] = np.take_along_axis(merged, order, axis=1)
        for store, new in ((self._ended_beam, beams_BP), (self._ended_words, words_BP)):
            both = np.concatenate([store[pictures], new], axis=1)
            store[pictures] = np.take_along_axis(both, order, axis=1)

    def _follow_greedy(self, places_BK: np.ndarray, greedy_B: np.ndarray) -> None:
        """Put the greedy sentence's likeliest word in the last place if it is not in the beam."""
        live_B = self._greedy_B >= 0
        found_BK = places_BK == greedy_B[:, None]
        lost_B = live_B & ~found_BK.any(axis=1)
        places_BK[lost_B, -1] = greedy_B[lost_B]
        found_BK[lost_B, -1] = True
        self._greedy_B = np.where(live_B, found_BK.argmax(axis=1), -1)

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
        done_B = bounds_BK.max(axis=1) <= ended_BK[:, self._num_wanted - 1]
        done_B |= (ended_BK[:, -1] > -np.inf) & (greedy_B <= ended_BK[:, 0])
        self._scores_BK = np.where(done_B[:, None], -np.inf, scores_BK)
        self._greedy_B[done_B] = -1
        return done_B
