"""Diverse beam search: groups of beams, each kept away from the words of the groups before it.

Vijayakumar et al. 2018, https://arxiv.org/abs/1610.02424, algorithm 1 with Hamming diversity.

B pictures, K beams of a group after a step, W words, V vocabulary, R places.
"""

from __future__ import annotations

import dataclasses
from itertools import zip_longest

import numpy as np

from looksay.decoding.beam import Beam
from looksay.decoding.consensus import Consensus, ConsensusBeam
from looksay.decoding.hypothesis import Hypothesis
from looksay.decoding.options import DecodingOptions
from looksay.decoding.search import Choice, Search
from looksay.text import SPECIALS


class DiverseBeam(Search):
    """`beam_groups` beam searches side by side, which choose one after the other at each step.

    A word loses `diversity` for each beam of an earlier group that has just chosen it. As in the
    authors' code a beam carries its losses on, which keeps the groups apart, and they count in the
    choice alone: scores and log-probabilities stay the model's own. The end is no word, and
    sentences of several groups may end at one place. Groups may still meet in one sentence, so
    there can be fewer distinct ones than beams.

    The first group is plain beam search, so the best caption never scores below greedy search's
    (with a `consensus` it is a search guided by that, which promises no such thing). A
    group that is done chooses no more words. What the groups find does not depend on how many
    captions are wanted, so that fewer captions are always among more of them.
    """

    def __init__(
        self, num_pictures: int, options: DecodingOptions, consensus: Consensus | None = None
    ):
        super().__init__(num_pictures, options)
        size = options.beam_size // options.beam_groups
        group = dataclasses.replace(options, beam_size=size, num_captions=size, beam_groups=1)
        self._groups = [
            Beam(num_pictures, group, with_greedy=number == 0)
            if consensus is None
            else ConsensusBeam(num_pictures, group, consensus)
            for number in range(options.beam_groups)
        ]

    def advance(self, log_probs_BKV: np.ndarray, attention_BKR: np.ndarray) -> Choice:
        choices: list[Choice] = []
        num_words = log_probs_BKV.shape[-1] - len(SPECIALS)
        bonus_BW = np.zeros((len(log_probs_BKV), num_words), np.float32)
        for group, log_probs, attention in zip(
            self._groups, self._parts(log_probs_BKV), self._parts(attention_BKR), strict=True
        ):
            choice = group.advance(log_probs, attention, bonus_BW[:, None] if choices else None)
            rows, beams = np.nonzero(group.live_BK)
            words = choice.tokens_BK[rows, beams] - len(SPECIALS)
            np.subtract.at(bonus_BW, (rows, words), self.options.diversity)
            choices.append(choice)
        return self._joined(choices, log_probs_BKV.shape[1])

    def results(self, picture: int) -> list[Hypothesis]:
        """The best of each group before the second best of any, finished ones before all others;
        those that are wanted then come best first."""
        ranks = zip_longest(*(group.results(picture) for group in self._groups))
        found = [
            hypothesis
            for rank in ranks
            for hypothesis in sorted((one for one in rank if one is not None), key=_best_first)
        ]
        found.sort(key=lambda hypothesis: not hypothesis.ended)
        distinct: dict[tuple[int, ...], Hypothesis] = {}
        for hypothesis in found:
            distinct.setdefault(hypothesis.words, hypothesis)
        return sorted(list(distinct.values())[: self.options.num_captions], key=_best_first)

    def keep(self, rows: np.ndarray) -> None:
        super().keep(rows)
        for group in self._groups:
            group.keep(rows)

    def _parts(self, array_BK: np.ndarray) -> list[np.ndarray]:
        """Each group's beams; before the first word they share the only one."""
        if array_BK.shape[1] == 1:
            return [array_BK] * len(self._groups)
        return np.split(array_BK, len(self._groups), axis=1)

    def _joined(self, choices: list[Choice], num_before: int) -> Choice:
        """The groups' choices as one, the parents counted through all of them."""
        own = num_before // len(self._groups)  # 0 before the first word
        return Choice(
            np.concatenate([choice.tokens_BK for choice in choices], axis=1),
            np.concatenate([choice.parents_BK + g * own for g, choice in enumerate(choices)], 1),
            np.all([choice.done_B for choice in choices], axis=0),
        )


def _best_first(hypothesis: Hypothesis) -> tuple[bool, float]:
    return not hypothesis.ended, -hypothesis.score
