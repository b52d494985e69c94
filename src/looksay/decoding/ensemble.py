"""Several models of one vocabulary that choose each word together.

B pictures, K beams or samples of one, R places, D feature size, V vocabulary, M members.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from looksay.decoding.stepper import Carry, Memory, Stepper

Seen = tuple[np.ndarray, np.ndarray | None]
"""What a member sees of the pictures: features (B, R, D), and the mask (B, R) or None."""


class EnsembleStepper:
    """Implements `Stepper`: the probability of a word is the mean of the members' probabilities.

    Every member keeps a memory and a carry of its own, named after its number. The attention is
    the members' side by side, (B, K, R of the first + R of the second + ...): each one's part adds
    up to 1. A single member is passed through as it is.
    """

    def __init__(self, members: Sequence[Stepper]):
        self.members = tuple(members)

    def encode(self, features_BRD: np.ndarray, mask_BR: np.ndarray | None) -> tuple[Memory, Carry]:
        """The memory and carry of all members, who see the same features."""
        return self.encode_each([(features_BRD, mask_BR)] * len(self.members))

    def encode_each(self, seen: Sequence[Seen]) -> tuple[Memory, Carry]:
        """The same where each member has its own features, of any shape (B, R, D)."""
        memory: Memory = {}
        carry: Carry = {}
        for number, (member, (features_BRD, mask_BR)) in enumerate(
            zip(self.members, seen, strict=True)
        ):
            its_memory, its_carry = member.encode(features_BRD, mask_BR)
            memory |= _named(number, its_memory)
            carry |= _named(number, its_carry)
        return memory, carry

    def step(
        self, tokens_BK: np.ndarray, memory: Memory, carry: Carry
    ) -> tuple[np.ndarray, np.ndarray, Carry]:
        log_probs_MBKV, attention_MBKR = [], []
        following: Carry = {}
        for number in range(len(self.members)):
            log_probs_BKV, attention_BKR, its_carry = self._step(number, tokens_BK, memory, carry)
            log_probs_MBKV.append(log_probs_BKV)
            attention_MBKR.append(attention_BKR)
            following |= _named(number, its_carry)
        return mean_probability(log_probs_MBKV), _side_by_side(attention_MBKR), following

    def memory_of(self, number: int, memory: Memory) -> Memory:
        """One member's own memory, of that of all."""
        return _of(number, memory)

    def _step(
        self, number: int, tokens_BK: np.ndarray, memory: Memory, carry: Carry
    ) -> tuple[np.ndarray, np.ndarray, Carry]:
        log_probs_BKV, attention_BKR, its_carry = self.members[number].step(
            tokens_BK, _of(number, memory), _of(number, carry)
        )
        if len(self.members) > 1:  # a stepper's next step may overwrite them, and it may come twice
            log_probs_BKV = log_probs_BKV.copy()
        return log_probs_BKV, attention_BKR, its_carry


def mean_probability(log_probs_MBKV: Sequence[np.ndarray]) -> np.ndarray:
    """log((p_1 + ... + p_M) / M), exactly the members' own where they agree."""
    if len(log_probs_MBKV) == 1:
        return log_probs_MBKV[0]
    best_BKV = np.maximum.reduce(log_probs_MBKV)
    # Shares of the greatest do not underflow all at once; where it is -inf itself, all are 0.
    best_BKV = np.maximum(best_BKV, np.finfo(best_BKV.dtype).min)
    total_BKV = np.exp(log_probs_MBKV[0] - best_BKV)
    for log_probs_BKV in log_probs_MBKV[1:]:
        total_BKV += np.exp(log_probs_BKV - best_BKV)
    with np.errstate(divide="ignore"):
        return best_BKV + np.log(total_BKV / len(log_probs_MBKV))


def _named(number: int, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{number}.{name}": array for name, array in arrays.items()}


def _of(number: int, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    prefix = f"{number}."
    found = {name: array for name, array in arrays.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): array for name, array in found.items()}


def _side_by_side(attention_MBKR: Sequence[np.ndarray]) -> np.ndarray:
    if len(attention_MBKR) == 1:
        return attention_MBKR[0]
    return np.concatenate(attention_MBKR, axis=-1)
