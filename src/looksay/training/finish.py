"""The end of a run: the bundle, scored by its own graphs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from looksay.data import Dataset
from looksay.decoding import DecodingOptions, Hypothesis, Stepper
from looksay.errors import DataError
from looksay.evaluation import (
    decode_split,
    evaluate_captions,
    learn_confidence,
    search_split,
)
from looksay.evaluation.confidence import HEADING, confidence_lines
from looksay.export.bundle import write_bundle
from looksay.export.card import LICENCES, OWN_LICENCE, model_card
from looksay.models import CaptionModel
from looksay.runtime import GraphStepper, open_graph
from looksay.runtime.confidence import Confidence, measure_found, searched
from looksay.runtime.topics import TOPICS
from looksay.text import Vocabulary
from looksay.training.prepare import Features, Split, Words
from looksay.training.recipe import Recipe, changed_settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """A run's folder, recipe and data, ready to go."""

    folder: Path
    recipe: Recipe
    dataset: Dataset
    features: Features
    words: Words


def score_split(
    stepper: Stepper,
    vocabulary: Vocabulary,
    split: Split,
    features_NRD: np.ndarray,
    options: DecodingOptions,
    masks_NR: np.ndarray | None = None,
) -> dict[str, float]:
    """The scores of a stepper's captions of a split, by metric."""
    found = decode_split(stepper, features_NRD, split.rows[:, 0], options, masks_NR)
    return _score(split, _texts(vocabulary, found))


def score_and_learn(
    stepper: Stepper,
    vocabulary: Vocabulary,
    split: Split,
    features_NRD: np.ndarray,
    options: DecodingOptions,
    masks_NR: np.ndarray | None = None,
) -> tuple[dict[str, float], Confidence | None]:
    """`score_split`, and the confidence of such captions; None where the split cannot teach it,
    which is said in the log."""
    found = search_split(stepper, features_NRD, split.rows[:, 0], searched(options), masks_NR)
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


def write_scored_bundle(
    run: TrainingRun, model: CaptionModel, folder: Path, name: str | None = None
) -> None:
    """Write the bundle, score its own graphs on dev and learn their confidence there; both go into
    its card too."""
    recipe, backbone = run.recipe, run.features.backbone
    kind = run.dataset.name.partition(":")[0]  # without the folder, which is nobody's business
    licence = LICENCES.get(kind, OWN_LICENCE)
    sizes = {
        "parameters": model.count_params(),
        "words": len(run.words.vocabulary),
        **{name: len(split.records) for name, split in run.features.splits.items()},
    }

    def describe(graphs: Path) -> tuple[str, dict[str, Any]]:
        scores, confidence = _score_graphs(run, graphs)
        data = f"{kind}:FILE.json" if kind == "karpathy" else f"{kind}:DIR"
        card = model_card(
            name=name or recipe.name,
            recipe=recipe.as_dict(),
            data=kind,
            sizes=sizes,
            scores=scores,
            licence=licence,
            backbone_licence=run.features.source.licence,
            commands=[
                " ".join([f"looksay train {recipe.name} --data {data}", *changed_settings(recipe)]),
                f"looksay evaluate BUNDLE --data {data} --split dev",
            ],
            sections={HEADING: confidence_lines(confidence)} if confidence else {},
        )
        known = {"confidence": confidence.as_dict()} if confidence else {}
        return card, {"figures": {"dev": scores}, **known}

    write_bundle(
        folder,
        model,
        run.words.vocabulary,
        backbone,
        run.features.graphs().get("backbone.onnx"),
        name=name or recipe.name,
        recipe=recipe.as_dict(),
        identity=run.features.store.identity,
        licence=licence,
        regions=run.features.source.regions,
        attachments=_attachments(run),
        describe=describe,
    )


def _attachments(run: TrainingRun) -> dict[str, Path]:
    """What goes into the bundle as it is: topics, and the graphs that find regions."""
    found = {name: path for name, path in run.features.graphs().items() if name != "backbone.onnx"}
    if (run.folder / TOPICS).exists():
        found[TOPICS] = run.folder / TOPICS
    return found


def _score_graphs(run: TrainingRun, folder: Path) -> tuple[dict[str, float], Confidence | None]:
    """Dev scores and confidence of the graphs themselves, decoded as the recipe says."""
    encode = open_graph(folder / "encode.onnx", precision="f32")
    step = open_graph(folder / "step.onnx", precision="f32")
    return score_and_learn(
        GraphStepper(encode, step),
        run.words.vocabulary,
        run.features.splits["dev"],
        run.features.store.array(),
        run.recipe.decoding,
        run.features.store.masks(),
    )
