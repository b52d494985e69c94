"""Distillation: a model learns from the words that others would have said (Hinton, Vinyals and Dean
2015, https://arxiv.org/abs/1503.02531; word by word as Kim and Rush 2016,
https://arxiv.org/abs/1606.07947, section 3.1).

The teachers' probabilities are averaged, as an ensemble's are, and found once, over the training
captions and the plain views of their pictures, which each sees through its own trunk. The likeliest
words of each place are kept.

B pictures, C captions, T words of a caption, K kept words of a place, V vocabulary, M words of all
captions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from keras import ops
from tqdm import tqdm

from looksay.errors import TrainingError
from looksay.export.bundle import load_bundle_model
from looksay.files import replacing
from looksay.models import CaptionModel
from looksay.models.compiled import compiled
from looksay.runtime import Bundle
from looksay.training.batches import after_start, pad_captions
from looksay.training.finish import TrainingRun
from looksay.training.teacher_features import check_sight, looks_of

logger = logging.getLogger(__name__)
FILE = "teachers.npz"
BATCH = 32  # pictures


@dataclass(frozen=True)
class SoftTargets:
    """words (M, K) int32 and their shares (M, K) float16, which add up to 1 in each row; starts:
    for each picture the rows where its captions begin."""

    words: np.ndarray
    shares: np.ndarray
    starts: Sequence[np.ndarray]

    def of(self, picture: int, caption: int, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Words and shares (T, K) of a caption of `length` words."""
        start = self.starts[picture][caption]
        return self.words[start : start + length], self.shares[start : start + length]


def soft_targets(run: TrainingRun, progress: bool = False) -> SoftTargets | None:
    """What the recipe's teachers say of the training captions; None where it has no teachers.

    Kept in the run's folder. Raises TrainingError for a teacher with other words or regions.
    """
    options = run.recipe.distillation
    if not options.teachers:
        return None
    check_teachers(run)
    lengths = [[len(tokens) for tokens in of] for of in run.words.captions]
    ends = np.cumsum([length for of in lengths for length in of])
    starts = np.split(np.r_[0, ends[:-1]], np.cumsum([len(of) for of in lengths])[:-1])
    path = run.folder / FILE
    if not path.exists():
        logger.info("asking %d teachers about the training captions", len(options.teachers))
        words, shares = (np.concatenate(of) for of in zip(*_ask(run, progress), strict=True))
        with replacing(path) as temporary:
            np.savez(temporary, words=words, shares=shares)
    with np.load(path) as found:
        return SoftTargets(found["words"], found["shares"], starts)


def check_teachers(run: TrainingRun) -> None:
    """TrainingError where a teacher does not speak the run's words or cannot see its pictures."""
    for name in run.recipe.distillation.teachers:
        bundle = Bundle.open(name)
        if bundle.vocabulary != run.words.vocabulary:
            raise TrainingError(
                f"the teacher {name} has other words than these captions give; train it on the "
                "same data with the same [text]"
            )
        check_sight(run, bundle)


def _ask(run: TrainingRun, progress: bool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Words and shares of a batch of pictures after another."""
    bundles = [Bundle.open(name) for name in run.recipe.distillation.teachers]
    looks = looks_of(run, bundles)
    models = [load_bundle_model(bundle.path) for bundle in bundles]
    says = [compiled(model, _probabilities(model)) for model in models]
    every = range(len(run.words.captions))
    for start in tqdm(every[::BATCH], "teachers", disable=not progress):
        numbers = every[start : start + BATCH]
        captions = [run.words.captions[number] for number in numbers]
        most = max(map(len, captions))
        targets = pad_captions([[*of, *[[]] * (most - len(of))] for of in captions])
        tokens = after_start(targets)
        seen = {look: look(numbers) for look in dict.fromkeys(looks)}
        said = [say(*seen[look], tokens) for say, look in zip(says, looks, strict=True)]
        shares_BCTV = sum(said) / len(said)
        yield _likeliest(
            np.concatenate(
                [
                    shares_BCTV[picture, caption, : len(target)]
                    for picture, of in enumerate(captions)
                    for caption, target in enumerate(of)
                ]
            ),
            min(run.recipe.distillation.kept_words, shares_BCTV.shape[-1]),
        )


def _probabilities(model: CaptionModel) -> Callable:
    def of(features_BRD: object, mask_BR: object, tokens_BCT: object) -> object:
        inputs = {"features": features_BRD, "mask": mask_BR, "tokens": tokens_BCT}
        logits, *_ = model(inputs, training=False)
        return ops.softmax(ops.cast(logits, "float32"))

    return of


def _likeliest(shares_MV: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest words of each row and their shares of one another, (M, K) each."""
    words = np.argpartition(-shares_MV, number - 1, axis=-1)[:, :number]
    kept = np.take_along_axis(shares_MV, words, -1)
    kept /= kept.sum(-1, keepdims=True)
    return words.astype(np.int32), kept.astype(np.float16)
