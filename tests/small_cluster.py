"""What the tests on Ray share: the size of a node, photographs of noise, results read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

RAY_WARNINGS = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    # Ray starts a node by a fork; another test of the same process may have used JAX
    pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning"),
]

NODE = {
    "num_cpus": 1,
    "object_store_memory": 100 * 2**20,
    "include_dashboard": False,
    "include_log_monitor": False,
    "no_monitor": True,
}


def add_node(cluster: Any) -> Any:
    """A further node of a cluster, or its first. Ray gives each half a minute to start, which is
    little on a busy machine: then once more."""
    for _ in range(3):
        try:
            return cluster.add_node(**NODE)
        except Exception as error:
            if "timed out" not in str(error):
                raise
            late = error
    raise late


def draw(folder: Path, names: list[str], *, seed: int = 0, side: int = 12) -> None:
    """Photographs of noise."""
    rng = np.random.default_rng(seed)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (side, side + 3, 3), np.uint8)).save(path)


def read_rows(folder: str) -> list[dict[str, Any]]:
    """All rows of a folder of parts, by name; each part is read alone, and none may be torn."""
    import pyarrow.parquet as pq

    from looksay.places import open_place

    fs, path = open_place(folder)
    rows = []
    for part in fs.glob(f"{path}/captions-*.parquet"):
        with fs.open(part, "rb") as file:
            rows += pq.read_table(file).to_pylist()
    return sorted(rows, key=lambda row: row["image"])
