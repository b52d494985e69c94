"""Training on several devices of one machine: each has the whole model and a part of every batch's
pictures, and their gradients are added up (data parallelism). The batch, the steps and the loss are
those of one device.

Keras does this on JAX alone (`keras.distribution`). B pictures.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from looksay.errors import TrainingError, UsageError
from looksay.training.batches import CaptionBatches
from looksay.training.recipe import Recipe

logger = logging.getLogger(__name__)

# What else serves, where a user's own loop around the model is no hindrance.
_OWN_ROUTES = {
    "tensorflow": "TensorFlow's own way is tf.distribute.MirroredStrategy",
    "torch": "Torch's own way is torch.nn.parallel.DistributedDataParallel",
}


def check_devices(devices: int, recipe: Recipe) -> None:
    """To be asked before any work. UsageError where the backend cannot train on so many devices,
    TrainingError where there are fewer, or where batches cannot be divided among them."""
    if devices < 1:
        raise UsageError(f"Training on {devices} devices makes no sense; give 1 or more.")
    if devices == 1:
        return
    backend = keras.backend.backend()
    if backend != "jax":
        own = _OWN_ROUTES.get(backend, "the backend may have a way of its own")
        raise UsageError(
            f"Training on {devices} devices needs JAX, and the backend is {backend}: set "
            f"KERAS_BACKEND=jax (pip install 'looksay[jax]'). {own}, around a model of "
            "looksay.models in a training loop of yours."
        )
    _check_one_process()
    found = keras.distribution.list_devices()
    if len(found) < devices:
        raise TrainingError(
            f"there are {len(found)} devices ({', '.join(found)}), not {devices}: give --devices "
            f"{len(found)}"
        )
    sizes = {"training": recipe.training.batch_pictures}
    if recipe.self_critical.epochs:
        sizes["self_critical"] = recipe.self_critical.batch_pictures
    for section, size in sizes.items():
        if size % devices:
            near = max(devices, round(size / devices) * devices)
            raise TrainingError(
                f"{section}.batch_pictures is {size}, which {devices} devices cannot share "
                f"evenly; use --set {section}.batch_pictures={near}"
            )


def _check_one_process() -> None:
    import jax

    if jax.process_count() > 1:
        raise UsageError(
            f"JAX runs in {jax.process_count()} processes (keras.distribution.initialize), and a "
            "run trains on the devices of one: start it in a single process."
        )


@contextmanager
def on_devices(devices: int) -> Iterator[None]:
    """Inside, models are made on the first `devices` devices and trained on all of them."""
    if devices == 1:
        yield
        return
    chosen = keras.distribution.list_devices()[:devices]
    logger.info("training on %d devices: %s", devices, ", ".join(chosen))
    with keras.distribution.DataParallel(devices=chosen).scope():
        yield


def num_devices() -> int:
    """How many devices training goes over just now."""
    distribution = keras.distribution.distribution()
    return 1 if distribution is None else distribution.device_mesh.devices.size


class EvenBatches(keras.utils.PyDataset):
    """Batches whose number of pictures a number of devices can share, see `fill_batch`."""

    def __init__(self, batches: CaptionBatches, devices: int) -> None:
        super().__init__()
        self._batches, self._devices = batches, devices

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple:
        return fill_batch(self._batches[index], self._devices)

    def on_epoch_end(self) -> None:
        self._batches.on_epoch_end()


def fill_batch(batch: tuple, devices: int) -> tuple:
    """(inputs, targets, and sample weights if any) of arrays (B, ...), with so many pictures more
    that the devices can share them: those are the first ones again without a word to learn, and
    count for nothing."""
    inputs, *learnt = batch
    first = keras.tree.flatten(inputs)[0]
    lacking = -len(first) % devices
    if not lacking:
        return batch

    def repeat(array: np.ndarray) -> np.ndarray:
        return np.concatenate([array, np.resize(array, (lacking, *array.shape[1:]))])

    def add_nothing(array: np.ndarray) -> np.ndarray:  # PAD is 0, and so is a weight of nothing
        return np.concatenate([array, np.zeros((lacking, *array.shape[1:]), array.dtype)])

    return (keras.tree.map_structure(repeat, inputs), *map(add_nothing, learnt))
