"""What a model learns from of each training picture beside its captions."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np

from looksay.files import replace_file, replacing
from looksay.models import CaptionModel
from looksay.runtime.topics import TOPICS
from looksay.topics import TopicModel, fit_topics
from looksay.training.finish import TrainingRun

logger = logging.getLogger(__name__)
SHARES = "topics.npy"


def picture_targets(run: TrainingRun, model: CaptionModel) -> dict[str, np.ndarray]:
    """The model's `picture_targets` by name, each (pictures, any size) float32.

    `topics`: of the training captions alone, found once and kept in the run's folder. Raises
    DataError where the captions have too few topics.
    """
    return {name: _MAKERS[name](run, model) for name in model.picture_targets}


def _topics(run: TrainingRun, model: CaptionModel) -> np.ndarray:
    shares = run.folder / SHARES
    if not shares.exists():
        logger.info("finding the topics of the training captions")
        captions = [record.captions for record in run.features.splits["train"].records]
        found = fit_topics(captions, model.options["topics_size"], seed=run.recipe.training.seed)
        _write_topics(found, run.folder / TOPICS)
        with replacing(shares) as temporary:  # last: where it is, the topics are whole
            np.save(temporary, found.shares)
    return np.load(shares)


def _write_topics(found: TopicModel, path: Path) -> None:
    words = {"top_words": [list(of_topic) for of_topic in found.top_words]}
    replace_file(path, (json.dumps(words, indent=1, ensure_ascii=False) + "\n").encode())


_MAKERS = {"topics": _topics}
