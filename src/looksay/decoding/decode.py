"""The loop: encode once, then step and choose until every picture has its captions.

B pictures, K beams or samples of one, R places, D feature size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from looksay.decoding.beam import Beam
from looksay.decoding.chains import Chains, Samples
from looksay.decoding.consensus import Consensus, ConsensusBeam
from looksay.decoding.diverse import DiverseBeam
from looksay.decoding.hypothesis import Hypothesis
from looksay.decoding.options import DecodingOptions
from looksay.decoding.search import Search
from looksay.decoding.stepper import Carry, Memory, Stepper
from looksay.errors import LooksayError, UsageError
from looksay.text import START

Recall = Callable[[np.ndarray, np.ndarray | None], Consensus]
"""What people say of pictures like those with such features (B, R, D) and mask (B, R) or None."""

NO_CONSENSUS = (
    "This model remembers no training pictures, so consensus must be 0 for it; `looksay remember` "
    "lets a model remember some."
)


def decode(
    stepper: Stepper,
    features_BRD: np.ndarray,
    options: DecodingOptions,
    mask_BR: np.ndarray | None = None,
    *,
    numbers: Sequence[int] | None = None,
    recall: Recall | None = None,
) -> list[list[Hypothesis]]:
    """Captions of each picture, best first: `options.num_captions` where so many exist.

    A beam returns distinct sentences, the finished before the unfinished; samples may repeat. When
    no sentence ends within `max_words`, the best unfinished one is returned. `numbers` are the
    pictures' own in a longer run, for samples that do not depend on its batches; None: 0, 1, ...
    `recall(features, mask)` gives the consensus that `options.consensus` asks for.

    Example:
        >>> best = decode(stepper, features, DecodingOptions(beam_size=3))[0][0]
    """
    if not len(features_BRD):
        return []
    features_BRD = np.ascontiguousarray(features_BRD, np.float32)
    memory, carry = stepper.encode(features_BRD, mask_BR)
    numbers = range(len(features_BRD)) if numbers is None else numbers
    consensus = recall(features_BRD, mask_BR) if recall and options.asks_consensus else None
    return decode_encoded(stepper, memory, carry, options, numbers, consensus)


def decode_encoded(
    stepper: Stepper,
    memory: Memory,
    carry: Carry,
    options: DecodingOptions,
    numbers: Sequence[int],
    consensus: Consensus | None = None,
) -> list[list[Hypothesis]]:
    """`decode` for pictures, at least one, that the stepper has encoded already; `numbers` has one
    for each, and so has the `consensus`. UsageError where the options ask for one that is not
    there."""
    search = _search(options, numbers, consensus)
    _run(stepper, search, memory, carry)
    return [_checked(search.results(picture)) for picture in range(len(numbers))]


def _search(
    options: DecodingOptions, numbers: Sequence[int], consensus: Consensus | None
) -> Search:
    if options.method == "sample":
        return Samples(options, numbers)
    if options.method == "greedy" or options.beam_size == 1:
        return Chains(len(numbers), options)
    if options.asks_consensus and consensus is None:
        raise UsageError(NO_CONSENSUS)
    consensus = consensus if options.asks_consensus else None
    if options.beam_groups > 1:
        return DiverseBeam(len(numbers), options, consensus)
    if consensus is not None:
        return ConsensusBeam(len(numbers), options, consensus)
    return Beam(len(numbers), options)


def _run(stepper: Stepper, search: Search, memory: Memory, carry: Carry) -> None:
    tokens_BK = np.full((len(search.pictures), 1), START, np.int32)
    for _ in range(search.options.max_words + 1):
        log_probs_BKV, attention_BKR, carry = stepper.step(tokens_BK, memory, carry)
        tokens_BK, parents_BK, done_B = search.advance(log_probs_BKV, attention_BKR)
        if done_B.all():
            return
        rows = rows_to_keep(done_B)
        if rows is not None:
            search.keep(rows)
            memory = {name: array[rows] for name, array in memory.items()}
            tokens_BK, parents_BK = tokens_BK[rows], parents_BK[rows]
        carry = {name: _reordered(array, parents_BK, rows) for name, array in carry.items()}


def _reordered(array_BP: np.ndarray, parents_BK: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    """The carry of the beams that go on: beam k of a row continues its beam parents[k]."""
    num_rows, num_before = array_BP.shape[:2]
    places_B = np.arange(num_rows) if rows is None else rows
    flat = (places_B[:, None] * num_before + parents_BK).ravel()
    if len(flat) == num_rows * num_before and np.array_equal(flat, np.arange(len(flat))):
        return array_BP
    taken = array_BP.reshape(num_rows * num_before, *array_BP.shape[2:]).take(flat, axis=0)
    return taken.reshape(*parents_BK.shape, *array_BP.shape[2:])


def rows_to_keep(done_B: np.ndarray) -> np.ndarray | None:
    """The rows to go on with, or None for all of them.

    Dropping rows copies the memory of the others and gives the engine a shape it may have to
    prepare for, so the batch is only ever halved, some finished rows staying to fill the half.
    """
    num_rows = len(done_B)
    num_live = num_rows - int(done_B.sum())
    size = num_rows
    while size > 1 and num_live <= (size + 1) // 2:
        size = (size + 1) // 2
    if size == num_rows:
        return None
    live, over = np.flatnonzero(~done_B), np.flatnonzero(done_B)
    return np.sort(np.concatenate([live, over[: size - num_live]]))


def _checked(hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    if not hypotheses or any(np.isnan(hypothesis.log_prob) for hypothesis in hypotheses):
        raise LooksayError(
            "The model's word probabilities are not numbers; its weights are damaged or its "
            "training diverged. Take another model or an earlier epoch."
        )
    return hypotheses
