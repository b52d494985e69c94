"""A kept epoch of a run, loaded again: to peek at it, or to make a bundle of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from looksay.errors import TrainingError
from looksay.features.compute import Loaded
from looksay.models import CaptionModel, model_options
from looksay.text import Vocabulary
from looksay.training.callbacks import BEST, epoch_weights, kept_epochs
from looksay.training.feature_sources import FeatureSource, open_source
from looksay.training.folder import RECIPE, recipe_of
from looksay.training.prepare import store_folder
from looksay.training.recipe import Recipe
from looksay.training.trunk import build_seeing_model

# settings of a model that change none of its weights' meaning
_ONLY_IN_TRAINING = ("dropout", "label_smoothing", "penalty")


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
        loaded = [Loaded.plain(path, path, size) for path in paths]
        features, *boxes = self.source.compute(self.folder)(loaded)
        return features, boxes[0] if boxes else None


def check_epoch(
    run: Path,
    *epochs: int,
    others: Sequence[tuple[Path, int]] = (),
    features: Path | None = None,
) -> Recipe:
    """The run's recipe, where all is there that `load_epoch` takes; what it raises, before any
    work."""
    recipe = recipe_of(run)
    _weights_of(run, epochs, others)
    Vocabulary.load(run / "vocabulary.txt")
    _graphs_folder(open_source(recipe.features), features)
    return recipe


def load_epoch(
    run: Path,
    *epochs: int,
    others: Sequence[tuple[Path, int]] = (),
    features: Path | None = None,
) -> KeptEpoch:
    """The run's weights of an epoch (counted from 1; 0 is the bundle it started from), the mean of
    those of several, or those of its best one where none is named. `others` are epochs of further
    runs of the same model, whose weights enter the mean too.

    Raises TrainingError, naming the epochs that are kept, where one of them is not, and where
    another run's model is not the same.
    """
    recipe = recipe_of(run)
    paths = _weights_of(run, epochs, others)
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
    load_mean(model, paths)
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


def check_same_model(run: Path, other: Path) -> None:
    """TrainingError where the weights of two runs do not belong to the same model."""
    ours, theirs = _makings(run), _makings(other)
    for what in ours:
        if ours[what] != theirs[what]:
            raise TrainingError(
                f"{other} has {what} than {run}: a mean of their weights is no model; take runs "
                "that differ in their seed or their training alone"
            )


def _makings(run: Path) -> dict[str, Any]:
    """What the weights of a run belong to, by the words for a difference."""
    recipe = recipe_of(run)
    options = model_options(recipe.architecture) | recipe.model_options
    sizes = {k: v for k, v in options.items() if not k.endswith(_ONLY_IN_TRAINING)}
    features = recipe.features
    return {
        "another architecture": recipe.architecture,
        "other sizes": sizes,
        "other words": Vocabulary.load(run / "vocabulary.txt"),
        "another trunk": (features.kept, features.weights, features.regions),
    }


def _weights_of(
    run: Path, epochs: Sequence[int], others: Sequence[tuple[Path, int]] = ()
) -> list[Path]:
    """The weights' files of the epochs, or of the best one, and of other runs' epochs."""
    files = {epoch: epoch_weights(run, epoch) for epoch in epochs}
    for epoch, path in (files or {0: run / BEST}).items():
        if not path.exists():
            kept, said = list(kept_epochs(run)), epoch or "(best)"
            raise TrainingError(f"{run} keeps no epoch {said}; it has {kept or 'none'}")
    found = list(files.values()) or [run / BEST]
    for other, epoch in others:
        check_same_model(run, other)
        found += _weights_of(other, [epoch])
    return found


def load_mean(model: CaptionModel, paths: Sequence[Path]) -> None:
    """The mean of several epochs' weights: they lie around a minimum that none of them is in
    (Izmailov et al. 2018, https://arxiv.org/abs/1803.05407), and so do the ends of several runs
    from one start (Wortsman et al. 2022, https://arxiv.org/abs/2203.05482)."""
    sums: list[np.ndarray] = []
    for path in paths:
        try:
            model.load_weights(path)
        except ValueError as error:
            raise TrainingError(
                f"{path} does not fit the model that its run's {RECIPE} makes today: take the "
                "looksay that trained it, or train again"
            ) from error
        weights = [weight.astype(np.float64) for weight in model.get_weights()]
        sums = [a + b for a, b in zip(sums, weights, strict=True)] if sums else weights
    if len(paths) > 1:
        model.set_weights([(total / len(paths)).astype(np.float32) for total in sums])
