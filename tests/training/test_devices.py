"""Several devices train as one does; what they can't do is refused before any work."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from looksay.errors import TrainingError, UsageError  # noqa: E402
from looksay.models import build_model, model_options  # noqa: E402
from looksay.text import END, PAD  # noqa: E402
from looksay.training.batches import CaptionBatches  # noqa: E402
from looksay.training.devices import check_devices, fill_batch  # noqa: E402
from looksay.training.recipe import load_recipe  # noqa: E402

CODE = Path(__file__).with_name("devices_run.py")
# but for the first one: quick to compile, as nothing here runs long
XLA_FLAGS = (
    "--xla_force_host_platform_device_count=4 --xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true"
)


@pytest.fixture(scope="module")
def trained() -> list[dict[str, Any]]:
    """What came out on one device, and on four that XLA makes of this processor."""
    if importlib.util.find_spec("jax") is None:
        pytest.skip("the extra jax")
    jax = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": XLA_FLAGS}
    done = subprocess.run(
        [sys.executable, CODE], capture_output=True, text=True, env=os.environ | jax, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_four_devices_lose_what_one_does_step_by_step(trained):
    one, four = (run["uneven"] for run in trained)
    assert (one["devices"], four["devices"]) == (1, 4)
    assert one["staircases"] > 1, "batches of one length show too little"
    np.testing.assert_allclose(four["losses"], one["losses"], rtol=1e-4)
    np.testing.assert_allclose(four["weights"], one["weights"], rtol=1e-4)
    assert four["captions"] == one["captions"]


def test_dropout_is_the_same_on_four_devices(trained):
    one, four = (run["dropout"] for run in trained)
    np.testing.assert_allclose(four["losses"], one["losses"], rtol=1e-5)
    np.testing.assert_allclose(four["weights"], one["weights"], rtol=1e-5)


def test_the_weights_of_captions_are_divided_too(trained):
    one, four = (run["uneven"]["weighed"] for run in trained)
    assert len(one) == 2 and one[0] != one[1]
    np.testing.assert_allclose(four, one, rtol=1e-4)


@pytest.mark.parametrize("architecture", ["show_attend_tell", "topic_guided"])
def test_pictures_that_fill_a_batch_change_no_loss(architecture):
    keras.utils.set_random_seed(0)
    own = {name: 0.0 for name in model_options(architecture) if name.endswith("_dropout")}
    own |= {"topics_size": 3} if architecture == "topic_guided" else {}
    model = build_model(
        architecture, vocabulary_size=9, feature_size=4, attention_penalty=0.5, **own
    )
    rng = np.random.default_rng(0)
    captions = [[[4, 5, END], [6, END]], [[7, 8, 4, END]], [[5, END]]]
    topics = {"topics": rng.dirichlet(np.ones(3), 3).astype(np.float32)}
    features = rng.normal(size=(3, 2, 4)).astype(np.float16)
    batch = CaptionBatches(features, [[0], [1], [2]], captions, of_pictures=topics)[0]
    filled = fill_batch(batch, 4)
    assert {len(array) for array in keras.tree.flatten(filled)} == {4}
    assert (filled[1][3] == PAD).all()
    losses = [_loss(model, *each) for each in (batch, filled)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-6)
    assert fill_batch(batch, 3) is batch


def _loss(model: keras.Model, inputs: dict, targets: np.ndarray) -> float:
    inputs = keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)
    said = model(inputs, training=True)
    return float(model.compute_loss(x=inputs, y=targets, y_pred=said))


@pytest.fixture
def recipe():
    return load_recipe("default")


def test_one_device_needs_nothing(recipe):
    check_devices(1, recipe)
    with pytest.raises(UsageError, match="1 or more"):
        check_devices(0, recipe)


@pytest.mark.parametrize(
    "backend, way", [("tensorflow", "MirroredStrategy"), ("torch", "DistributedDataParallel")]
)
def test_another_backend_is_refused_with_its_own_way(recipe, monkeypatch, backend, way):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    with pytest.raises(UsageError, match=f"KERAS_BACKEND=jax.*{way}"):
        check_devices(4, recipe)


def test_devices_that_are_not_there_or_cannot_share_are_refused(recipe, monkeypatch):
    jax = pytest.importorskip("jax")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0", "gpu:1", "gpu:2"])
    with pytest.raises(TrainingError, match=r"there are 3 devices \(gpu:0, gpu:1, gpu:2\), not 4"):
        check_devices(4, recipe)
    training = dataclasses.replace(recipe.training, batch_pictures=32)
    with pytest.raises(TrainingError, match="--set training.batch_pictures=33"):
        check_devices(3, dataclasses.replace(recipe, training=training))
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(UsageError, match="2 processes"):
        check_devices(3, recipe)
