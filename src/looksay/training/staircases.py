"""Which lengths the captions of a batch are padded to: few shapes, as each is a graph to compile,
and little padding.

A staircase has a length for each caption of a picture, falling: the longest caption fits the first
step, the second longest the second. A picture goes into a batch whose staircase covers it.

P pictures, C captions of a picture, S staircases, U kinds of pictures.
"""

from __future__ import annotations

import numpy as np

# lengths are rounded up to a multiple of this
LENGTH_STEP = 3
DRAWN_STEP = 6  # those of samples, which nobody can plan: coarser, for few shapes
MOST = 7
WORTH = 0.02  # a further shape saves at least this share of the words
NUM_CANDIDATES = 400


def falling(lengths_PC: np.ndarray) -> np.ndarray:
    """Each picture's caption lengths, the longest first."""
    return -np.sort(-lengths_PC, axis=1)


def round_up(lengths: np.ndarray, step: int = LENGTH_STEP) -> np.ndarray:
    """Lengths that are compiled, never 0: a caption that is missing is an empty one."""
    lengths = np.maximum(lengths, 1)
    return -(-lengths // step) * step


def drawn_staircase(lengths_PC: np.ndarray) -> np.ndarray:
    """A staircase (C,) that covers a batch of samples. It depends on them alone, so that a run that
    was stopped goes on with the shapes, and so the roundings, of one that was not."""
    return round_up(falling(lengths_PC).max(0), DRAWN_STEP)


def choose_staircases(lengths_PC: np.ndarray, least_pictures: int) -> np.ndarray:
    """Staircases (S, C) from the smallest to the largest, which covers every picture.

    Chosen greedily among those of random groups of pictures, each for the words that it saves;
    none that covers fewer than `least_pictures`.
    """
    lengths_PC = falling(lengths_PC)
    chosen = [round_up(np.full(lengths_PC.shape[1], lengths_PC.max()))]
    candidates = _candidates(lengths_PC)
    # pictures of like lengths as one: of a million there are some hundred kinds
    kinds_UC, pictures_U = np.unique(round_up(lengths_PC), axis=0, return_counts=True)
    covers = np.array([(kinds_UC <= steps).all(1) for steps in candidates])
    enough = covers @ pictures_U >= least_pictures
    candidates, covers = candidates[enough], covers[enough]
    words = np.full(len(kinds_UC), chosen[0].sum())
    while len(candidates) and len(chosen) < MOST:
        saved = np.maximum(words - candidates.sum(1)[:, None], 0) * covers
        best = (saved @ pictures_U).argmax()
        if saved[best] @ pictures_U < WORTH * (words @ pictures_U):
            break
        words = words - saved[best]
        chosen.append(candidates[best])
    return np.array(sorted(chosen, key=lambda steps: (steps.sum(), *steps)))


def _candidates(lengths_PC: np.ndarray) -> np.ndarray:
    """The staircases that cover random groups of pictures, from one picture to forty."""
    random = np.random.default_rng(0)
    groups = (
        lengths_PC[random.choice(len(lengths_PC), random.integers(1, 40))]
        for _ in range(NUM_CANDIDATES)
    )
    return np.unique([round_up(group.max(0)) for group in groups], axis=0)


def smallest_cover(staircases_SC: np.ndarray, lengths_PC: np.ndarray) -> np.ndarray:
    """For each picture the number of the smallest staircase that covers it, (P,)."""
    covers = (falling(lengths_PC)[:, None] <= staircases_SC[None]).all(-1)
    return covers.argmax(1)
