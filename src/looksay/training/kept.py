"""A kept epoch of a run, loaded again: to peek at it, or to make a bundle of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from looksay.errors import TrainingError
from looksay.features.backbones import Backbone, get_backbone
from looksay.models import CaptionModel, build_model
from looksay.runtime import Graph, open_graph
from looksay.text import Vocabulary
from looksay.training.callbacks import BEST
from looksay.training.prepare import store_folder
from looksay.training.recipe import Recipe, recipe_from_dict


@dataclass(frozen=True, kw_only=True)
class KeptEpoch:
    """A run's model at one of its epochs, with all it takes to caption."""

    recipe: Recipe
    model: CaptionModel
    vocabulary: Vocabulary
    backbone: Backbone
    graph: Path

    def backbone_graph(self) -> Graph:
        """The graph that computed the features it was trained on."""
        return open_graph(self.graph, precision="f32")


def load_epoch(run: Path, epoch: int | None = None, features: Path | None = None) -> KeptEpoch:
    """The run's weights of `epoch` (counted from 1), or of its best one.

    Raises TrainingError, naming the epochs that are kept, where that one is not.
    """
    try:
        values = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{run} is no training run: it has no readable recipe.json") from error
    recipe = recipe_from_dict(values, str(run / "recipe.json"))
    path = run / BEST if epoch is None else run / "epochs" / f"epoch-{epoch:03d}.weights.h5"
    if not path.exists():
        kept = sorted(int(p.name[6:9]) for p in (run / "epochs").glob("epoch-*.weights.h5"))
        raise TrainingError(f"{run} keeps no epoch {epoch or '(best)'}; it has {kept or 'none'}")
    vocabulary = Vocabulary.load(run / "vocabulary.txt")
    backbone = get_backbone(recipe.features.backbone)
    model = build_model(
        recipe.architecture,
        vocabulary_size=len(vocabulary),
        feature_size=backbone.feature_size,
        **recipe.model_options,
    )
    model.load_weights(path)
    graph = (features or store_folder(recipe.features)) / "backbone.onnx"
    if not graph.exists():
        raise TrainingError(f"{graph} is not there; give the run's feature store with --features")
    return KeptEpoch(
        recipe=recipe, model=model, vocabulary=vocabulary, backbone=backbone, graph=graph
    )
