"""How good a model's captions of a split are, and how sure they may be taken to be."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from looksay.decoding import DecodingOptions, Hypothesis, Recall, Stepper
from looksay.errors import DataError
from looksay.evaluation import (
    decode_split,
    evaluate_captions,
    learn_confidence,
    search_split,
)
from looksay.runtime.confidence import Confidence, measure_found, searched
from looksay.text import Vocabulary
from looksay.training.prepare import Split

logger = logging.getLogger(__name__)


def score_split(
    stepper: Stepper,
    vocabulary: Vocabulary,
    split: Split,
    features_NRD: np.ndarray,
    options: DecodingOptions,
    masks_NR: np.ndarray | None = None,
) -> dict[str, float]:
    """The scores of a stepper's captions of a split, by metric; without a consensus."""
    found = decode_split(stepper, features_NRD, split.rows[:, 0], options, masks_NR)
    return _score(split, _texts(vocabulary, found))


def score_and_learn(
    stepper: Stepper,
    vocabulary: Vocabulary,
    split: Split,
    features_NRD: np.ndarray,
    options: DecodingOptions,
    masks_NR: np.ndarray | None = None,
    recall: Recall | None = None,
) -> tuple[dict[str, float], Confidence | None]:
    """The scores with the options' consensus, which `recall` gives, and the confidence of such
    captions; None where the split cannot teach it, which is said in the log."""
    found = search_split(
        stepper, features_NRD, split.rows[:, 0], searched(options), masks_NR, recall=recall
    )
    texts = _texts(vocabulary, [hypotheses[0] for hypotheses in found])
    signs = [measure_found(hypotheses) for hypotheses in found]
    confidence = None
    try:
        confidence = learn_confidence(split.records, texts, signs, options)
    except DataError as error:
        logger.info("The bundle tells no confidence of its captions: %s.", error)
    return _score(split, texts), confidence


def _texts(vocabulary: Vocabulary, found: Sequence[Hypothesis]) -> list[str]:
    return [vocabulary.join(vocabulary.decode(hypothesis.tokens)) for hypothesis in found]


def _score(split: Split, texts: Sequence[str]) -> dict[str, float]:
    names = [record.name for record in split.records]
    return evaluate_captions(split.records, dict(zip(names, texts, strict=True))).scores
