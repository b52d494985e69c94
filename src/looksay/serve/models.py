"""The models that a service offers, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from looksay.captioner import Captioner
from looksay.captioner.captioner import BATCH_SIZE
from looksay.captioner.features import FEW
from looksay.errors import UsageError
from looksay.serve.jobs import Offer


def named(captioners: Sequence[Captioner]) -> dict[str, Captioner]:
    """Captioners by their names; UsageError for two of one name."""
    by_name: dict[str, Captioner] = {}
    for captioner in captioners:
        if captioner.name in by_name:
            raise UsageError(
                f"Two models are named {captioner.name!r}; a request could not tell them "
                "apart. Leave one out, or export it under another name."
            )
        by_name[captioner.name] = captioner
    return by_name


def warm_up(captioners: Sequence[Captioner], batch_size: int) -> None:
    """Compile every graph, so that the first requests do not wait for it. BundleError where
    a bundle cannot be used."""
    grey = np.full((64, 64, 3), 128, np.uint8)
    for captioner in captioners:
        captioner(grey)
        captioner([grey] * min(max(batch_size, FEW), BATCH_SIZE))


def offer(captioner: Captioner) -> Offer:
    """A model as requests choose it."""
    return Offer(captioner.name, captioner.options, _describe(captioner))


def _describe(captioner: Captioner) -> dict[str, Any]:
    bundle, options = captioner.bundle, captioner.options
    backbone = bundle.config.get("backbone") or {}
    return {
        "name": captioner.name,
        "architecture": bundle.config.get("architecture"),
        "backbone": backbone.get("name") if isinstance(backbone, dict) else str(backbone),
        "image_size": bundle.image_size,
        "grid": list(bundle.grid),
        "regions": bundle.regions is not None,
        "topics": bundle.topics is not None,
        "consensus": bundle.has_memory,
        "words": len(bundle.vocabulary),
        "language": bundle.language,
        "method": options.method,
        "beam_size": options.beam_size,
        "num_captions": options.num_captions,
        "max_words": options.max_words,
        "temperature": options.temperature,
        "precision": captioner.precision,
        "licence": bundle.config.get("licence"),
    }
