"""A Ray cluster and an S3 server of this machine alone, a toy model and small photographs."""

from __future__ import annotations

import importlib.util
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
def s3_server() -> Iterator[str | None]:
    """The address of an empty S3 server, which all of this process's children know too."""
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        yield None
        return
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str | None, request: pytest.FixtureRequest) -> Any:
    """An empty bucket of the S3 server: its file system and its address, `s3://...`."""
    if s3_server is None:
        pytest.skip("no S3 server: the extra ray-test")
    from looksay.places import open_place

    name = f"bucket-{abs(hash(request.node.name))}"
    fs, _ = open_place(f"s3://{name}")
    fs.mkdir(name)
    return fs, f"s3://{name}"


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
