"""What teachers see of the training pictures: the run's own features where they were trained on
those, or else what their bundle's backbone makes of the photographs.

B pictures, R places, D feature size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from looksay.errors import TrainingError
from looksay.features.backbones import get_backbone
from looksay.features.compute import GridCompute, Loaded
from looksay.runtime import Bundle
from looksay.runtime.regions import region_mask
from looksay.training.finish import TrainingRun

Seen = tuple[np.ndarray, np.ndarray]
"""Features (B, R, D) and their mask (B, R), float32."""

Look = Callable[[Sequence[int]], Seen]
"""What is seen of training pictures, plain, by their numbers."""


def looks_of(run: TrainingRun, teachers: Sequence[Bundle]) -> list[Look]:
    """How each teacher looks; those that see alike have one look."""
    looks: dict[str, Look] = {}
    found = []
    for bundle in teachers:
        own = not sees_the_runs(run, bundle)
        eyes = bundle.digest("backbone.onnx") if own else ""
        if eyes not in looks:
            looks[eyes] = _own_look(run, bundle) if own else partial(_kept, run)
        found.append(looks[eyes])
    return found


def check_sight(run: TrainingRun, bundle: Bundle) -> None:
    """TrainingError where a teacher can see neither the run's features nor a plain photograph."""
    if not sees_the_runs(run, bundle) and (bundle.regions or "backbone" not in bundle.graphs):
        raise TrainingError(
            f"the teacher {bundle.path} looks at other regions than the recipe's; train it with "
            "the same [features], or take one that looks at a grid"
        )


def sees_the_runs(run: TrainingRun, bundle: Bundle) -> bool:
    """Whether a teacher was trained on just such features as the run's store keeps."""
    store = run.features.store.identity
    # the store's own number, which a trained trunk's bundle does not have
    return {"format": store["format"], **bundle.config["backbone"]} == store


def _kept(run: TrainingRun, numbers: Sequence[int]) -> Seen:
    kept = run.features.look("train", numbers)
    if kept.boxes is None:
        return kept.features, _whole(kept.features)
    return kept.features, region_mask(kept.boxes)


def _whole(features_BRD: np.ndarray) -> np.ndarray:
    return np.ones(features_BRD.shape[:2], np.float32)


def _own_look(run: TrainingRun, bundle: Bundle) -> Look:
    backbone = get_backbone(bundle.config["backbone"]["name"])
    compute = GridCompute(bundle.graph("backbone"), backbone)
    records = run.features.splits["train"].records

    def load(number: int) -> Loaded:
        image = records[number].image
        return Loaded.plain(image, image, backbone.image_size)

    def look(numbers: Sequence[int]) -> Seen:
        with ThreadPoolExecutor() as pool:
            (features_BRD,) = compute(list(pool.map(load, numbers)))
        return features_BRD, _whole(features_BRD)

    return look
