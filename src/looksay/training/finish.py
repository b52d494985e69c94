"""The end of a run: the bundle, scored by its own graphs."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from looksay.consensus import CONSENSUS, read_memory, worth_remembering, write_memory
from looksay.data import Dataset
from looksay.evaluation.confidence import HEADING, confidence_lines
from looksay.export.bundle import save_rounded_weights, write_bundle
from looksay.export.card import ENGLISH, LICENCES, OWN_LICENCE, model_card
from looksay.features.backbones import Backbone
from looksay.models import CaptionModel
from looksay.runtime import GraphStepper, open_graph
from looksay.runtime.card import MEMORY, memory_lines
from looksay.runtime.confidence import Confidence
from looksay.runtime.topics import TOPICS
from looksay.training.feature_options import NO_REGIONS, FeatureOptions
from looksay.training.feature_sources import BACKBONE_GRAPH
from looksay.training.prepare import Words
from looksay.training.prepared import Features
from looksay.training.recipe import Recipe, changed_settings
from looksay.training.remembering import remember
from looksay.training.scores import score_and_learn
from looksay.training.seeing import see_photographs
from looksay.training.trunk import TRUNK_WEIGHTS, split_model


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """A run's folder, recipe and data, ready to go."""

    folder: Path
    recipe: Recipe
    dataset: Dataset
    features: Features
    words: Words


def write_scored_bundle(
    run: TrainingRun, model: CaptionModel, folder: Path, name: str | None = None
) -> None:
    """Write the bundle, score its own graphs on dev and learn their confidence there; both go into
    its card too."""
    with tempfile.TemporaryDirectory() as scratch:
        parts = _parts(run, model, Path(scratch))
        if run.recipe.decoding.consensus:
            memory = Path(scratch) / CONSENSUS
            features = run.recipe.features
            unkept = bool(features.trained_from or features.streamed)
            backbone = parts.files[BACKBONE_GRAPH] if unkept else None
            found = remember(run.features, run.words, features.views, backbone)
            write_memory(found, memory)
            parts.files[CONSENSUS] = memory
        _write(run, parts, folder, name or run.recipe.name)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What a bundle is made of: the decoder, what it sees through, and further files by name."""

    decoder: CaptionModel
    backbone: Backbone
    identity: dict[str, Any]
    files: dict[str, Path]


def _parts(run: TrainingRun, model: CaptionModel, scratch: Path) -> _Parts:
    """A trunk that was trained is written into `scratch`."""
    backbone, options = run.features.source.seen, run.recipe.features
    if not options.trained_from:
        return _Parts(
            decoder=model,
            backbone=backbone,
            identity=run.features.store.identity,
            files=run.features.graphs() | _own_weights(run, scratch),
        )
    decoder = split_model(model, options, scratch)
    return _Parts(
        decoder=decoder,
        backbone=backbone,
        identity=backbone.identity(scratch / TRUNK_WEIGHTS),
        files={name: scratch / name for name in (BACKBONE_GRAPH, TRUNK_WEIGHTS)},
    )


def _own_weights(run: TrainingRun, scratch: Path) -> dict[str, Path]:
    """The weights of a trunk that came from a file of the user's: whoever goes on from the bundle
    has to see through the same one. Keras's files go as they are, and so keep their features."""
    source, options = run.features.source, run.recipe.features
    path = None if source.published is not None else source.backbone.own_weights(options.weights)
    if path is None:
        return {}
    if path.suffix != ".h5":
        network = source.backbone.network(path)
        path = scratch / TRUNK_WEIGHTS
        save_rounded_weights(network, path)
    return {TRUNK_WEIGHTS: path}


def _write(run: TrainingRun, parts: _Parts, folder: Path, name: str) -> None:
    recipe, model = run.recipe, parts.decoder
    kind = run.dataset.kind
    licence = LICENCES.get(kind, OWN_LICENCE)
    language = recipe.text.language or ("en" if kind in ENGLISH else "")
    sizes = {
        "parameters": model.count_params(),
        "words": len(run.words.vocabulary),
        **{name: len(split.records) for name, split in run.features.splits.items()},
    }

    def describe(graphs: Path) -> tuple[str, dict[str, Any]]:
        scores, confidence = _score_graphs(run, graphs, parts.files.get(BACKBONE_GRAPH))
        data = run.dataset.address_for_others
        sections = {HEADING: confidence_lines(confidence)} if confidence else {}
        if recipe.decoding.consensus:
            remembered = len(worth_remembering(sizes["train"]))
            lines = memory_lines(remembered, kind, recipe.decoding.consensus)
            sections = {MEMORY: lines, **sections}
        card = model_card(
            name=name,
            recipe=recipe.as_dict(),
            data=kind,
            sizes=sizes,
            scores=scores,
            licence=licence,
            language=language,
            backbone_licence=run.features.source.licence,
            commands=[
                " ".join([f"looksay train {recipe.name} --data {data}", *changed_settings(recipe)]),
                f"looksay evaluate BUNDLE --data {data} --split dev",
            ],
            sections=sections,
        )
        known: dict[str, Any] = {"language": language} if language else {}
        known |= {"confidence": confidence.as_dict()} if confidence else {}
        return card, {"figures": {"dev": scores}, **known}

    write_bundle(
        folder,
        model,
        run.words.vocabulary,
        parts.backbone,
        parts.files.get(BACKBONE_GRAPH),
        name=name,
        recipe=recipe.as_dict(),
        identity=parts.identity,
        licence=licence,
        regions=run.features.source.regions,
        attachments=_attachments(run, parts),
        describe=describe,
    )


def _attachments(run: TrainingRun, parts: _Parts) -> dict[str, Path]:
    """What goes into the bundle as it is: topics, the graphs that find regions, a trained trunk."""
    found = {name: path for name, path in parts.files.items() if name != BACKBONE_GRAPH}
    if (run.folder / TOPICS).exists():
        found[TOPICS] = run.folder / TOPICS
    return found


def _score_graphs(
    run: TrainingRun, folder: Path, backbone: Path | None
) -> tuple[dict[str, float], Confidence | None]:
    """Dev scores and confidence of the graphs themselves, decoded as the recipe says."""
    encode = open_graph(folder / "encode.onnx", precision="f32")
    step = open_graph(folder / "step.onnx", precision="f32")
    split, features = run.features.splits["dev"], run.features.store.array()
    vocabulary, recall = run.words.vocabulary, None
    if run.recipe.decoding.consensus:
        recall = read_memory(
            folder / CONSENSUS,
            feature_size=run.features.feature_size,
            vocabulary_size=len(vocabulary),
        ).recall
    if _kept_otherwise(run.recipe.features):
        assert backbone is not None
        features = _see_dev(run, backbone)
        split = dataclasses.replace(split, rows=np.arange(len(features))[:, None])
    return score_and_learn(
        GraphStepper(encode, step),
        vocabulary,
        split,
        features,
        run.recipe.decoding,
        run.features.store.masks(),
        recall,
    )


def _kept_otherwise(options: FeatureOptions) -> bool:
    """Whether what is kept on disk is not what the bundle's graphs see in float32: the layer before
    a trained part, or a grid computed in bf16 to save time."""
    grid = options.regions == NO_REGIONS
    return bool(options.trained_from) or (grid and options.precision != "f32")


def _see_dev(run: TrainingRun, backbone: Path) -> np.ndarray:
    """The features (N, R, D) float16 of the dev photographs, as the bundle's backbone sees them."""
    found: dict[int, np.ndarray] = {}
    for numbers, features_BRD in see_photographs(run.features, "dev", backbone):
        found |= zip(numbers, features_BRD.astype(np.float16), strict=True)
    return np.stack([found[number] for number in range(len(found))])
