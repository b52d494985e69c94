"""A sentence a search found, and the back-pointers from which it is read.

B pictures (rows of the batch), K beams after a step, P beams before it, R places, T tokens.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from looksay.text import END


@dataclasses.dataclass(frozen=True, eq=False)
class Hypothesis:
    """A caption as tokens, with what the model said about each.

    `tokens` includes END when `ended`; `log_probs` (T,) are the model's own; `attention` (T, R) has
    a row a token, END's too; `score` is the log-probability normalised by length, with what the
    consensus adds; `consensus` is how much the words agree with what people say of like pictures
    (see `looksay.decoding.consensus`), None where nobody was asked.
    """

    tokens: tuple[int, ...]
    log_probs: np.ndarray
    attention: np.ndarray
    score: float
    ended: bool
    consensus: float | None = None

    @property
    def log_prob(self) -> float:
        """The log-probability of the whole sentence."""
        return float(self.log_probs.sum(dtype=np.float64))

    @property
    def words(self) -> tuple[int, ...]:
        """The tokens without END."""
        return self.tokens[:-1] if self.ended else self.tokens


@dataclasses.dataclass(frozen=True, eq=False)
class _Step:
    rows: np.ndarray  # the row of each picture of the search; its own only while it is live
    end_log_probs_BP: np.ndarray
    attention_BPR: np.ndarray
    tokens_BK: np.ndarray
    log_probs_BK: np.ndarray
    parents_BK: np.ndarray


class History:
    """What was chosen at each step and from which beam, so that no step copies a sentence."""

    def __init__(self, length_power: float):
        self._length_power = length_power
        self._steps: list[_Step] = []

    def add(
        self,
        rows: np.ndarray,
        end_log_probs_BP: np.ndarray,
        attention_BPR: np.ndarray,
        tokens_BK: np.ndarray,
        log_probs_BK: np.ndarray,
        parents_BK: np.ndarray,
    ) -> None:
        """Note one step; the arrays are kept, not copied."""
        step = _Step(rows, end_log_probs_BP, attention_BPR, tokens_BK, log_probs_BK, parents_BK)
        self._steps.append(step)

    def read(self, picture: int, beam: int, num_words: int, ended: bool) -> Hypothesis:
        """The first `num_words` words that lead to `beam`, and END after them if `ended`."""
        tokens: list[int] = []
        log_probs: list[float] = []
        attention: list[np.ndarray] = []
        if ended:
            step = self._steps[num_words]
            row = step.rows[picture]
            tokens.append(END)
            log_probs.append(step.end_log_probs_BP[row, beam])
            attention.append(step.attention_BPR[row, beam])
        for step in reversed(self._steps[:num_words]):
            row = step.rows[picture]
            tokens.append(int(step.tokens_BK[row, beam]))
            log_probs.append(step.log_probs_BK[row, beam])
            beam = step.parents_BK[row, beam]
            attention.append(step.attention_BPR[row, beam])
        return self._hypothesis(tokens[::-1], log_probs[::-1], attention[::-1], ended)

    def words(
        self, pictures_M: np.ndarray, beams_M: np.ndarray, lengths_M: np.ndarray
    ) -> np.ndarray:
        """The words of many sentences at once, (M, T), -1 behind their ends: of each the picture,
        the beam that it leads to, and how many words it has."""
        longest = int(lengths_M.max(initial=0))
        words_MT = np.full((len(pictures_M), longest), -1, np.int64)
        beams_M = beams_M.copy()
        for place in reversed(range(longest)):
            step, long = self._steps[place], np.flatnonzero(lengths_M > place)
            rows, beams = step.rows[pictures_M[long]], beams_M[long]
            words_MT[long, place] = step.tokens_BK[rows, beams]
            beams_M[long] = step.parents_BK[rows, beams]
        return words_MT

    def _hypothesis(
        self,
        tokens: list[int],
        log_probs: list[float],
        attention: list[np.ndarray],
        ended: bool,
    ) -> Hypothesis:
        num_places = self._steps[0].attention_BPR.shape[-1]
        values = np.array(log_probs, np.float32)
        rows_TR = np.array(attention, np.float32).reshape(len(tokens), num_places)
        total = float(values.sum(dtype=np.float64))
        score = normalised(total, max(len(tokens), 1), self._length_power)
        return Hypothesis(tuple(tokens), values, rows_TR, score, ended)


def normalised(log_prob, length: int, length_power: float):
    """log_prob / length ** length_power, where the length counts END (Wu et al. 2016, eq. 14,
    in the plain form of OpenNMT); a number or an array."""
    return log_prob / length**length_power
