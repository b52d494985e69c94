"""A captioner of a toy bundle, and pictures for it."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory) -> Path:
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path_factory.mktemp("bundles") / "toy")


@pytest.fixture(scope="session")
def captioner(bundle_folder):
    import looksay

    # f32 where the processor would take bf16: the tests compare with NumPy
    return looksay.load(bundle_folder, precision="f32")


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    """Forty pictures of noise, each of its own strength."""
    rng = np.random.default_rng(0)
    strength = np.linspace(0.2, 1, 40)[:, None, None, None]
    return (rng.integers(0, 256, (40, 8, 8, 3)) * strength).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, pixels) -> Path:
    """Five of the pictures as files, and a sixth that is none."""
    for i in range(5):
        Image.fromarray(pixels[i]).save(tmp_path / f"{i}.png")
    (tmp_path / "3bad.png").write_bytes(b"no picture")
    return tmp_path


@pytest.fixture
def png(pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels[0]).save(file, "PNG")
    return file.getvalue()
