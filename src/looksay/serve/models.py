"""The models that a service offers, by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from looksay.captioner import Captioner
from looksay.captioner.captioner import BATCH_SIZE
from looksay.captioner.features import FEW
from looksay.errors import UsageError, nearest
from looksay.serve.problems import Problem


class Models:
    """Captioners by their names; the first is taken where a request names none.

    UsageError for two of one name.
    """

    def __init__(self, captioners: Sequence[Captioner]):
        self._captioners: dict[str, Captioner] = {}
        for captioner in captioners:
            if captioner.name in self._captioners:
                raise UsageError(
                    f"Two models are named {captioner.name!r}; a request could not tell them "
                    "apart. Leave one out, or export it under another name."
                )
            self._captioners[captioner.name] = captioner

    def choose(self, name: str | None) -> Captioner:
        """The captioner of that name; Problem 422 where there is none."""
        if name is None:
            return next(iter(self._captioners.values()))
        if name not in self._captioners:
            raise Problem(
                422,
                f"There is no model {name[:100]!r}{nearest(name, self._captioners)}; "
                f"there are {', '.join(self._captioners)}.",
            )
        return self._captioners[name]

    def warm_up(self, batch_size: int) -> None:
        """Compile every graph, so that the first requests do not wait for it. BundleError where
        a bundle cannot be used."""
        grey = np.full((64, 64, 3), 128, np.uint8)
        for captioner in self._captioners.values():
            captioner(grey)
            captioner([grey] * min(max(batch_size, FEW), BATCH_SIZE))
        _ = self.description

    @cached_property
    def description(self) -> list[dict[str, Any]]:
        """What /v1/models says of each."""
        return [
            _describe(captioner, number == 0)
            for number, captioner in enumerate(self._captioners.values())
        ]


def _describe(captioner: Captioner, default: bool) -> dict[str, Any]:
    bundle, options = captioner.bundle, captioner.options
    backbone = bundle.config.get("backbone") or {}
    return {
        "name": captioner.name,
        "default": default,
        "architecture": bundle.config.get("architecture"),
        "backbone": backbone.get("name") if isinstance(backbone, dict) else str(backbone),
        "image_size": bundle.image_size,
        "grid": list(bundle.grid),
        "regions": bundle.regions is not None,
        "topics": bundle.topics is not None,
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
