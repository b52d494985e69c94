"""A kept epoch of a run, loaded again: to peek at it, or to make a bundle of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from looksay.errors import TrainingError
from looksay.features.compute import Loaded
from looksay.images import load_square
from looksay.models import CaptionModel
from looksay.text import Vocabulary
from looksay.training.callbacks import BEST, epoch_weights, kept_epochs
from looksay.training.feature_sources import FeatureSource, open_source
from looksay.training.folder import recipe_of
from looksay.training.prepare import store_folder
from looksay.training.recipe import Recipe
from looksay.training.trunk import build_seeing_model


@dataclass(frozen=True, kw_only=True)
class KeptEpoch:
    """A run's model at one of its epochs, with all it takes to caption."""

    recipe: Recipe
    model: CaptionModel
    vocabulary: Vocabulary
    source: FeatureSource
    folder: Path  # of the feature store, which keeps the graphs

    def features(self, paths: Sequence[Path]) -> tuple[np.ndarray, np.ndarray | None]:
        """Features (B, R, D) of photographs, made as those were that it was trained on; and their
        boxes (B, R, 6) where they are of regions."""
        size = self.source.backbone.image_size
        loaded = [Loaded(path, "plain", load_square(path, size)) for path in paths]
        features, *boxes = self.source.compute(self.folder)(loaded)
        return features, boxes[0] if boxes else None


def check_epoch(run: Path, *epochs: int, features: Path | None = None) -> Recipe:
    """The run's recipe, where all is there that `load_epoch` takes; what it raises, before any
    work."""
    recipe = recipe_of(run)
    _weights_of(run, epochs)
    Vocabulary.load(run / "vocabulary.txt")
    _graphs_folder(open_source(recipe.features), features)
    return recipe


def load_epoch(run: Path, *epochs: int, features: Path | None = None) -> KeptEpoch:
    """The run's weights of an epoch (counted from 1), the mean of those of several, or those of
    its best one where none is named.

    Raises TrainingError, naming the epochs that are kept, where one of them is not.
    """
    recipe = recipe_of(run)
    paths = _weights_of(run, epochs)
    vocabulary = Vocabulary.load(run / "vocabulary.txt")
    source = open_source(recipe.features)
    folder = _graphs_folder(source, features)
    model = build_seeing_model(
        recipe.architecture,
        recipe.features,
        vocabulary_size=len(vocabulary),
        feature_size=source.feature_size,
        **recipe.model_options,
    )
    _load_mean(model, paths)
    return KeptEpoch(
        recipe=recipe, model=model, vocabulary=vocabulary, source=source, folder=folder
    )


def _graphs_folder(source: FeatureSource, features: Path | None) -> Path:
    """The feature store's folder, which has the graphs in it."""
    folder = store_folder(source, features)
    for graph in source.graphs(folder).values():
        if not graph.exists():
            raise TrainingError(
                f"{graph} is not there; give the run's feature store with --features"
            )
    return folder


def _weights_of(run: Path, epochs: Sequence[int]) -> list[Path]:
    """The weights' files of the epochs, or of the best one."""
    files = {epoch: epoch_weights(run, epoch) for epoch in epochs}
    for epoch, path in (files or {0: run / BEST}).items():
        if not path.exists():
            kept, said = list(kept_epochs(run)), epoch or "(best)"
            raise TrainingError(f"{run} keeps no epoch {said}; it has {kept or 'none'}")
    return list(files.values()) or [run / BEST]


def _load_mean(model: CaptionModel, paths: Sequence[Path]) -> None:
    """The mean of several epochs' weights: they lie around a minimum that none of them is in
    (Izmailov et al. 2018, https://arxiv.org/abs/1803.05407)."""
    sums: list[np.ndarray] = []
    for path in paths:
        model.load_weights(path)
        weights = [weight.astype(np.float64) for weight in model.get_weights()]
        sums = [a + b for a, b in zip(sums, weights, strict=True)] if sums else weights
    if len(paths) > 1:
        model.set_weights([(total / len(paths)).astype(np.float32) for total in sums])
