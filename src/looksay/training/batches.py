"""Batches for teacher forcing: pictures of like caption length, each with all its captions.

The captions of a picture share one encoding of it, and a batch is as long as its longest caption,
so little is computed twice and little is padding. The order is a function of (seed, epoch) alone,
so that a resumed run goes on as if it had never stopped.

B pictures, C captions of a picture, R places, D feature size, T words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from looksay.text import PAD, START

# lengths are rounded up to a multiple of this: each length is a graph of its own to compile
LENGTH_STEP = 3
# pictures are sorted by length inside pools of so many batches, so epochs differ in their batches
POOL_BATCHES = 12


class CaptionBatches(keras.utils.PyDataset):
    """({features (B, R, D) float32, tokens (B, C, T)}, targets (B, C, T)) for `Model.fit`.

    features: all rows (N, R, D), memory-mapped. rows: for each picture the rows of its views; an
    epoch shows each picture once, by a view chosen anew. captions: for each picture its captions'
    tokens, each ending in `<end>`. Pictures with fewer captions than others get empty ones, which
    count for nothing.

    shuffle: a new order every epoch; without it, pictures come as they are listed, every time.
    start_is_target, pad_to: the tutorials' mistakes, kept for study. The one trains `<start>` as
    the first word and loses the last one; the other (0: off) makes every batch so many words long.
    """

    def __init__(
        self,
        features: np.ndarray,
        rows: Sequence[Sequence[int]] | np.ndarray,
        captions: Sequence[Sequence[Sequence[int]]],
        *,
        batch_pictures: int = 32,
        captions_per_picture: int = 5,
        seed: int = 0,
        first_epoch: int = 0,
        shuffle: bool = True,
        start_is_target: bool = False,
        pad_to: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.features = features
        self.rows = [np.asarray(views) for views in rows]
        self.captions = [list(map(list, of_picture)) for of_picture in captions]
        self.batch_pictures = batch_pictures
        most = max(map(len, self.captions))
        self.num_captions = min(captions_per_picture, most)
        self.seed = seed
        self.epoch = first_epoch
        self.shuffle = shuffle
        self.start_is_target = start_is_target
        self.pad_to = pad_to
        self._shown = False  # whether the last batch has been asked for
        self._batches: list[np.ndarray] = []
        self._views = np.zeros(0, np.int64)
        self._plan()

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        self._shown = index == len(self._batches) - 1
        pictures = self._batches[index]
        targets_BCT = self._targets(pictures)
        if self.start_is_target:
            targets_BCT = np.roll(targets_BCT, 1, axis=2)
            targets_BCT[:, :, 0] = START
        tokens_BCT = np.roll(targets_BCT, 1, axis=2)
        tokens_BCT[:, :, 0] = START
        rows = [self.rows[p][self._views[p] % len(self.rows[p])] for p in pictures]
        features_BRD = self.features[rows].astype(np.float32)
        return {"features": features_BRD, "tokens": tokens_BCT}, targets_BCT

    def on_epoch_end(self) -> None:
        """Make the next epoch's plan; called by `fit`, on some backends before any batch too."""
        if self._shown:
            self.epoch += 1
            self._plan()

    def _plan(self) -> None:
        """The epoch's batches, views and captions, from (seed, epoch) and nothing else."""
        self._shown = False
        random = np.random.default_rng((self.seed, self.epoch))
        self._views = random.integers(0, 2**31, len(self.captions))
        self._chosen = [self._choose(random, len(of)) for of in self.captions]
        if not self.shuffle:
            self._batches = self._cut(np.arange(len(self.captions)))
            return
        order = random.permutation(len(self.captions))
        lengths = np.array(
            [
                max(len(of[c]) for c in chosen)
                for of, chosen in zip(self.captions, self._chosen, strict=True)
            ]
        )
        pool = self.batch_pictures * POOL_BATCHES
        batches = []
        for start in range(0, len(order), pool):
            part = order[start : start + pool]
            batches += self._cut(part[np.argsort(lengths[part], kind="stable")])
        self._batches = [batches[i] for i in random.permutation(len(batches))]

    def _cut(self, pictures: np.ndarray) -> list[np.ndarray]:
        size = self.batch_pictures
        return [pictures[i : i + size] for i in range(0, len(pictures), size)]

    def _choose(self, random: np.random.Generator, available: int) -> np.ndarray:
        if available <= self.num_captions:
            return np.arange(available)
        return random.permutation(available)[: self.num_captions]

    def _targets(self, pictures: np.ndarray) -> np.ndarray:
        chosen = [[self.captions[p][c] for c in self._chosen[p]] for p in pictures]
        longest = max(len(tokens) for of_picture in chosen for tokens in of_picture)
        length = max(-(-longest // LENGTH_STEP) * LENGTH_STEP, self.pad_to)
        targets_BCT = np.full((len(pictures), self.num_captions, length), PAD, np.int32)
        for picture, of_picture in enumerate(chosen):
            for caption, tokens in enumerate(of_picture):
                targets_BCT[picture, caption, : len(tokens)] = tokens
        return targets_BCT
