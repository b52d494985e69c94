"""A bundle takes another one's place whole, or leaves it there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras")
pytest.importorskip("onnx")

from looksay.runtime import Bundle  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[1]))
from toy_bundle import write_toy_bundle  # noqa: E402

# the toy's graphs stand for those of a model
EXPORT_AND_DIE = """
import os, shutil, signal, sys
from pathlib import Path
from types import SimpleNamespace
import keras
from looksay import files
from looksay.export import bundle
from looksay.text import Vocabulary

folder, toy = Path(sys.argv[1]), Path(sys.argv[2])
rename = Path.rename

def die_at_the_new(path, target):
    if path.name == files._FILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)

def copy_graphs(model, num_places, weights, made):
    for name in ("encode.onnx", "step.onnx"):
        shutil.copy(toy / name, made / name)

bundle.save_rounded_weights = lambda model, path: path.write_bytes(b"weights")
bundle.export_graphs = copy_graphs
bundle.architecture_name, bundle.model_config = lambda model: "toy", lambda model: {}
files._exchange = lambda *_: False
Path.rename = die_at_the_new
bundle.write_bundle(
    folder, SimpleNamespace(feature_size=6), Vocabulary.load(toy / "vocabulary.txt"),
    SimpleNamespace(num_places=4, image_size=8, grid=(2, 2)), toy / "backbone.onnx",
    name="new", recipe={"decoding": {}}, identity={}, licence="none",
    describe=lambda _: ("# card", {}),
)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_where_it_takes_another_bundles_place_it_can_still_be_read(tmp_path):
    folder = write_toy_bundle(tmp_path / "bundle")
    toy = write_toy_bundle(tmp_path / "toy")
    done = subprocess.run([sys.executable, "-c", EXPORT_AND_DIE, str(folder), str(toy)])
    assert done.returncode == -signal.SIGKILL
    assert not folder.exists()  # at its worst
    assert Bundle.open(folder, verify_all=True).name == "new"
