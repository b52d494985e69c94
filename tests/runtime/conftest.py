"""A toy bundle for the tests of this folder."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))


@pytest.fixture
def bundle_folder(tmp_path) -> Path:
    """A toy bundle of the test's own, to be damaged at will."""
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    return write_toy_bundle(tmp_path / "toy")
