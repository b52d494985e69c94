"""Batches for teacher forcing: pictures with all their captions, which take like room.

The captions of a picture share one encoding of it, and a batch has pictures whose captions fit the
same staircase of lengths (staircases.py), so little is computed twice and little is padding.
The order is a function of (seed, epoch) alone, so that a resumed run goes on as if it had never
stopped.

B pictures, C captions of a picture, R places, D feature size, T words, N words of all captions of a
picture, packed (see `looksay.models.staircase`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from looksay.models.staircase import pack_arrays
from looksay.text import PAD, START
from looksay.training.staircases import choose_staircases, falling, round_up, smallest_cover

if TYPE_CHECKING:
    from looksay.training.teachers import SoftTargets

# a shape of its own, which takes long to compile, has to serve so many batches at least
LEAST_BATCHES = 5


class CaptionBatches(keras.utils.PyDataset):
    """({features (B, R, D) float32, columns: C of (B, T_c)}, targets (B, N)) for `Model.fit`.

    A column has the tokens of one caption of each picture, the longest captions first; the targets
    are packed as the model packs the columns.

    features: all rows (N, R, D), memory-mapped. rows: for each picture the rows of its views; an
    epoch shows each picture once, by a view chosen anew. captions: for each picture its captions'
    tokens, each ending in `<end>`. Pictures with fewer captions than others get empty ones, which
    count for nothing. The number of batches is the same in every epoch. of_pictures: what else the
    model learns from of each picture, by name, (pictures, any size) float32; it goes with the
    features.

    soft: what teachers would have said (`looksay.training.teachers`); the inputs then have
    `teacher_words` and `teacher_shares`, packed like the targets, (B, N, K).

    failure: why there was no batch, where features are not at hand (`streamed_batches`).

    masks: for all rows (N, R), 1 where a place counts and 0 where it is padding; None: all count.

    shuffle: a new order every epoch; without it, pictures come as they are listed, every time.
    start_is_target, pad_to: the tutorials' mistakes, kept for study. The one trains `<start>` as
    the first word and loses the last one; the other (0: off) makes every batch so many words long.
    """

    failure: BaseException | None = None

    def __init__(
        self,
        features: np.ndarray,
        rows: Sequence[Sequence[int] | np.ndarray] | np.ndarray,
        captions: Sequence[Sequence[Sequence[int]]],
        *,
        masks: np.ndarray | None = None,
        of_pictures: Mapping[str, np.ndarray] | None = None,
        soft: SoftTargets | None = None,
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
        self.features, self.masks = features, masks
        self.rows = [np.asarray(views) for views in rows]
        self.captions = [list(map(list, of_picture)) for of_picture in captions]
        self.of_pictures = dict(of_pictures or {})
        self.soft = soft
        self.batch_pictures = batch_pictures
        most = max(map(len, self.captions))
        self.num_captions = min(captions_per_picture, most)
        self.seed = seed
        self.epoch = first_epoch
        self.shuffle = shuffle
        self.start_is_target = start_is_target
        self.pad_to = pad_to
        # the longest ones, so that those chosen for an epoch are covered whichever they are
        longest = [sorted(of, key=len, reverse=True)[: self.num_captions] for of in self.captions]
        lengths_PC = np.array([self._lengths(of) for of in longest])
        self.staircases = (
            round_up(np.full((1, self.num_captions), max(pad_to, lengths_PC.max())))
            if pad_to
            else choose_staircases(lengths_PC, LEAST_BATCHES * batch_pictures)
        )
        self._shown = False  # whether the last batch has been asked for
        self._batches: list[np.ndarray] = []
        self._views = np.zeros(0, np.int64)
        self._plan()

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[dict[str, Any], np.ndarray]:
        self._shown = index == len(self._batches) - 1
        pictures = self._batches[index]
        targets = self._columns(pictures, self._stairs[index])
        if self.start_is_target:
            targets = [after_start(column) for column in targets]
        columns = tuple(after_start(column) for column in targets)
        inputs = {"features": self.features_of(pictures), "columns": columns}
        if self.masks is not None:
            inputs["mask"] = self.masks_of(pictures)
        inputs |= {name: values[pictures] for name, values in self.of_pictures.items()}
        if self.soft is not None:
            inputs |= self._soft_columns(self.soft, pictures, self._stairs[index])
        return inputs, pack_arrays(targets)

    def pictures(self, index: int) -> np.ndarray:
        """Which pictures a batch has, (B,)."""
        return self._batches[index]

    def seen(self, pictures: np.ndarray) -> np.ndarray:
        """Which of a batch's pictures (B,) count: stored features are there of all."""
        return np.ones(len(pictures), bool)

    def features_of(self, pictures: np.ndarray) -> np.ndarray:
        """The features (B, R, D) float32 of pictures, by the views of this epoch."""
        return self.features[self._rows_of(pictures)].astype(np.float32)

    def masks_of(self, pictures: np.ndarray) -> np.ndarray | None:
        """Which of these features count, (B, R) float32; None where all do."""
        if self.masks is None:
            return None
        return self.masks[self._rows_of(pictures)].astype(np.float32)

    def _rows_of(self, pictures: np.ndarray) -> list[int]:
        return [self.rows[p][self._views[p] % len(self.rows[p])] for p in pictures]

    def on_epoch_end(self) -> None:
        """Make the next epoch's plan; called by `fit`, on some backends before any batch too."""
        if self._shown:
            self.plan_next()

    def close(self) -> None:
        """End what goes on in the background; here nothing does."""

    def plan_next(self) -> None:
        """Go on to the next epoch."""
        self.epoch += 1
        self._plan()

    def _plan(self) -> None:
        """The epoch's batches, views and captions, from (seed, epoch) and nothing else."""
        self._shown = False
        random = np.random.default_rng((self.seed, self.epoch))
        self._views = random.integers(0, 2**31, len(self.captions))
        self._chosen = [self._choose(random, len(of)) for of in self.captions]
        lengths_PC = np.array(
            [
                self._lengths([of[c] for c in chosen])
                for chosen, of in zip(self._chosen, self.captions, strict=True)
            ]
        )
        stairs_P = smallest_cover(self.staircases, lengths_PC)
        self._batches, self._stairs = self._arrange(random, stairs_P, lengths_PC)

    def _arrange(
        self, random: np.random.Generator, stairs_P: np.ndarray, lengths_PC: np.ndarray
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The batches, and the staircase of each."""
        if self.shuffle:
            return self._sort(random, stairs_P, lengths_PC)
        batches = self._cut(np.arange(len(lengths_PC)))
        return batches, [self._over(lengths_PC[batch]) for batch in batches]

    def _sort(
        self, random: np.random.Generator, stairs_P: np.ndarray, lengths_PC: np.ndarray
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Batches of one staircase each, in random order. What does not fill a batch goes on to the
        next larger staircase that covers it."""
        order = random.permutation(len(stairs_P))
        batches, stairs = [], []
        for number, steps in enumerate(self.staircases):
            part = order[stairs_P[order] == number]
            last = number == len(self.staircases) - 1
            left = 0 if last else len(part) % self.batch_pictures
            if left:
                over = part[len(part) - left :]
                larger = smallest_cover(self.staircases[number + 1 :], lengths_PC[over])
                stairs_P[over] = number + 1 + larger
                part = part[: len(part) - left]
            cut = self._cut(part)
            batches += cut
            stairs += [steps] * len(cut)
        shown = random.permutation(len(batches))
        return [batches[i] for i in shown], [stairs[i] for i in shown]

    def _over(self, lengths_BC: np.ndarray) -> np.ndarray:
        """The smallest staircase that covers all pictures of a batch."""
        most = falling(lengths_BC).max(0, keepdims=True)
        return self.staircases[smallest_cover(self.staircases, most)[0]]

    def _cut(self, pictures: np.ndarray) -> list[np.ndarray]:
        size = self.batch_pictures
        return [pictures[i : i + size] for i in range(0, len(pictures), size)]

    def _choose(self, random: np.random.Generator, available: int) -> np.ndarray:
        if available <= self.num_captions:
            return np.arange(available)
        return random.permutation(available)[: self.num_captions]

    def _lengths(self, captions: list[list[int]]) -> list[int]:
        """The captions' lengths, 0 for those that a picture lacks."""
        lengths = [len(tokens) for tokens in captions]
        return lengths + [0] * (self.num_captions - len(lengths))

    def _columns(self, pictures: np.ndarray, steps: np.ndarray) -> list[np.ndarray]:
        """The pictures' captions (B, T_c) one beside another, the longest first."""
        columns = [np.full((len(pictures), length), PAD, np.int32) for length in steps]
        for row, picture in enumerate(pictures):
            for column, caption in zip(columns, self._falling(picture), strict=False):
                tokens = self.captions[picture][caption]
                column[row, : len(tokens)] = tokens
        return columns

    def _falling(self, picture: int) -> list[int]:
        """The captions chosen of a picture, by number, the longest first."""
        captions = self.captions[picture]
        return sorted(self._chosen[picture].tolist(), key=lambda c: len(captions[c]), reverse=True)

    def _soft_columns(
        self, soft: SoftTargets, pictures: np.ndarray, steps: np.ndarray
    ) -> dict[str, np.ndarray]:
        shape = len(pictures), soft.words.shape[1]
        words = [np.zeros((shape[0], length, shape[1]), np.int32) for length in steps]
        shares = [np.zeros_like(column, np.float32) for column in words]
        for row, picture in enumerate(pictures):
            for column, caption in enumerate(self._falling(picture)):
                length = len(self.captions[picture][caption])
                said = soft.of(picture, caption, length)
                words[column][row, :length], shares[column][row, :length] = said
        return {"teacher_words": pack_arrays(words), "teacher_shares": pack_arrays(shares)}


@contextmanager
def feeding(batches: CaptionBatches) -> Iterator[None]:
    """Ends what goes on in the batches' background; raises why there was no batch, and not what a
    backend has made of that."""
    try:
        yield
    except Exception as error:
        if batches.failure is None or error is batches.failure:
            raise
        raise batches.failure from error
    finally:
        batches.close()


def after_start(targets: np.ndarray) -> np.ndarray:
    """What a model reads to say the targets (..., T): the words before each, `<start>` first."""
    tokens = np.roll(targets, 1, axis=-1)
    tokens[..., :1] = START
    return tokens


def pad_captions(captions: Sequence[Sequence[Sequence[int]]]) -> np.ndarray:
    """Targets (B, C, T), as many captions for each picture: as long as the longest, rounded up;
    `PAD` behind the others."""
    longest = max(len(tokens) for of_picture in captions for tokens in of_picture)
    shape = len(captions), len(captions[0]), int(round_up(np.array(longest)))
    targets_BCT = np.full(shape, PAD, np.int32)
    for picture, of_picture in enumerate(captions):
        for caption, tokens in enumerate(of_picture):
            targets_BCT[picture, caption, : len(tokens)] = tokens
    return targets_BCT
