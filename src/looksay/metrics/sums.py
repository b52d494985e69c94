"""What a metric adds up over pictures, so that it can be had for any choice of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sums:
    """Metrics as what each picture adds: `rows`, (pictures, columns).

    `combine` makes scores, (sets, metrics), from sums of rows over sets of pictures, (sets,
    columns); a row by itself gives the picture's own score. A metric of the whole corpus, BLEU for
    one, is no mean of its pictures' scores, so whoever draws pictures adds rows up.
    """

    names: tuple[str, ...]
    rows: np.ndarray
    combine: Callable[[np.ndarray], np.ndarray]

    def corpus(self) -> dict[str, float]:
        """The scores of all pictures together."""
        total = np.ascontiguousarray(self.rows.T).sum(axis=1)
        return dict(zip(self.names, self.combine(total[None])[0].tolist(), strict=True))

    def per_image(self) -> dict[str, np.ndarray]:
        """Each picture's scores, (pictures,)."""
        return dict(zip(self.names, self.combine(self.rows).T, strict=True))


def mean_sums(per_image: Mapping[str, np.ndarray]) -> Sums:
    """The sums of metrics that are means over pictures, from each picture's scores, (pictures,)."""
    columns = np.stack(list(per_image.values()), axis=1)
    rows = np.hstack([columns, np.ones((len(columns), 1))])
    return Sums(tuple(per_image), rows, lambda sums: sums[:, :-1] / sums[:, -1:])
