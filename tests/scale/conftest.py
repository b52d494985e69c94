"""A Ray cluster of this machine alone, a toy model and small photographs."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from small_cluster import add_node, draw  # noqa: E402


@pytest.fixture(scope="session")
def cluster(s3_server: str | None) -> Iterator[Any]:
    """A Ray cluster of one node with one processor, connected; a test may add nodes."""
    pytest.importorskip("ray", reason="the extra ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_BACKEND_LOG_LEVEL"] = "fatal"
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    found = Cluster()
    add_node(found)
    ray.init(found.address, log_to_driver=False, logging_level=logging.CRITICAL)
    yield found
    ray.shutdown()
    found.shutdown()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path_factory.mktemp("bundle") / "toy")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `photos` with a.png, b.jpg, deep/c.png and no-picture.jpg; the cwd is above it."""
    draw(tmp_path / "photos", ["a.png", "b.jpg", "deep/c.png"])
    (tmp_path / "photos" / "no-picture.jpg").write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


@pytest.fixture
def caption(bundle: Path) -> Callable[..., Any]:
    """`caption(names, "out")` captions by the toy model on the cluster."""
    pytest.importorskip("ray", reason="the extra ray")
    from looksay.scale.captions import caption_on_ray
    from looksay.scale.sources import find_items

    def run(names: list[str], folder: str, *, listed: bool = False, **more: Any) -> Any:
        return caption_on_ray(
            find_items(names, listed=listed),
            folder,
            load_options={"model": bundle, "precision": "f32"},
            options={},
            **more,
        )

    return run
