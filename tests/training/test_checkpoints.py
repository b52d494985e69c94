"""A checkpoint has everything, is whole or not there, and refuses what is not its own."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from looksay.errors import TrainingError  # noqa: E402
from looksay.training.checkpoints import load_checkpoint, save_checkpoint  # noqa: E402


def made(units: int = 3) -> keras.Model:
    """A compiled model with a dropout, whose optimiser has taken a step."""
    keras.utils.set_random_seed(units)
    layers = [keras.Input((2,)), keras.layers.Dropout(0.5), keras.layers.Dense(units)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.1), "mse", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def train(model: keras.Model) -> None:
    model.train_on_batch(np.ones((4, 2), np.float32), np.ones((4, 3), np.float32))


def weights(model: keras.Model) -> list[np.ndarray]:
    return [np.asarray(value) for value in model.get_weights()]


def test_training_goes_on_as_if_never_stopped(tmp_path):
    path = tmp_path / "checkpoint.npz"
    first = made()
    train(first)
    save_checkpoint(path, first, {"history": [{"loss": 0.25}]})
    second = made()
    train(second), train(second)  # another state in every respect
    assert load_checkpoint(path, second) == {"history": [{"loss": 0.25}]}
    train(first)
    train(second)
    for ours, theirs in zip(weights(first), weights(second), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_nothing_but_the_checkpoint_stays_in_the_folder(tmp_path):
    save_checkpoint(tmp_path / "checkpoint.npz", made(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_a_full_disk_keeps_the_checkpoint_before(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(path, made(), {"epoch": 1})
    kept = path.read_bytes()

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match="No space left on device.*--resume"):
        save_checkpoint(path, made(), {"epoch": 2})
    assert path.read_bytes() == kept
    assert len(list(tmp_path.iterdir())) == 1


def test_another_models_checkpoint_is_refused(tmp_path):
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(path, made(4), {})
    with pytest.raises(TrainingError, match="another model"):
        load_checkpoint(path, made(3))


@pytest.mark.parametrize("size", [0, 10, 500, -1])
def test_a_damaged_checkpoint_is_a_sentence(tmp_path, size):
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(path, made(), {})
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(TrainingError, match="checkpoint.npz is damaged"):
        load_checkpoint(path, made())


def test_flipped_bytes_are_noticed(tmp_path):
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(path, made(), {})
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(TrainingError, match="checkpoint.npz is damaged"):
        load_checkpoint(path, made())


def test_a_missing_checkpoint_is_a_sentence(tmp_path):
    with pytest.raises(TrainingError, match="nothing to resume"):
        load_checkpoint(tmp_path / "checkpoint.npz", made())
