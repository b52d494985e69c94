"""What test_devices.py runs in a process of its own, where XLA makes four devices of a processor:
small trainings on one device and on four. Prints what came out as JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from looksay.decoding import DecodingOptions, decode
from looksay.models import build_model, model_options
from looksay.models.stepper import KerasStepper
from looksay.text import END
from looksay.training import batches
from looksay.training.batches import CaptionBatches, after_start
from looksay.training.checkpoints import load_checkpoint, save_checkpoint
from looksay.training.devices import num_devices, on_devices
from looksay.training.optimizers import make_optimizer
from looksay.training.recipe_options import TrainingOptions
from looksay.training.tensorflow_fit import prepare_fit, training_step

WORDS, PLACES, SIZE = 12, 4, 6
batches.LEAST_BATCHES = 1  # few pictures are to have several lengths
OPTIONS = TrainingOptions(
    epochs=2, learning_rate=0.01, weight_decay=0.01, clip_norm=1.0, average_momentum=0.9,
    warmup_epochs=0.5, schedule="cosine",
)  # fmt: skip


class Losses(keras.callbacks.Callback):
    """Each step's loss. Keras tells the mean of the epoch so far, by the pictures of each batch and
    those that fill it."""

    def __init__(self, shown: CaptionBatches) -> None:
        super().__init__()
        self._shown = shown
        self.found: list[float] = []

    def on_epoch_begin(self, epoch, logs=None):
        self._pictures = self._sum = 0.0

    def on_train_batch_end(self, batch, logs=None):
        pictures, before = len(self._shown.pictures(batch)), self._sum
        pictures += -pictures % num_devices()
        self._pictures += pictures
        self._sum = float(logs["loss"]) * self._pictures
        self.found.append((self._sum - before) / pictures)


def make_batches(num_pictures: int) -> CaptionBatches:
    """Pictures with one or two captions each, the later half of them longer, in batches of four."""
    rng = np.random.default_rng(1)
    captions = [
        [
            [*rng.integers(4, WORDS, rng.integers(1, 3) + 3 * (i >= 8)).tolist(), END]
            for _ in range(1 + i % 2)
        ]
        for i in range(num_pictures)
    ]
    features = rng.normal(size=(num_pictures, PLACES, SIZE)).astype(np.float16)
    return CaptionBatches(features, np.arange(num_pictures)[:, None], captions, batch_pictures=4)


def make_model(dropout: float, steps: int) -> keras.Model:
    keras.utils.set_random_seed(0)
    known = model_options("show_attend_tell")
    own = {name: 8 for name in known if name.endswith("_size")}
    own |= {name: dropout for name in known if name.endswith("_dropout")}
    model = build_model(
        "show_attend_tell", vocabulary_size=WORDS, feature_size=SIZE, attention_penalty=0.5,
        label_smoothing=0.1, **own,
    )  # fmt: skip
    optimizer = make_optimizer(OPTIONS, steps)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, jit_compile=True)
    return model


def go_on_from_checkpoint(num_pictures: int) -> dict[str, Any]:
    """Two epochs, the second one from the first one's checkpoint; then captions, and two steps with
    weights of captions on six pictures, as self-critical training has them."""
    shown = make_batches(num_pictures)
    losses = Losses(shown)
    model = make_model(0.0, len(shown))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.npz"
        keep = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: save_checkpoint(path, model, {})
        )
        data = prepare_fit(model, shown)
        for epoch in range(2):
            if epoch:
                for variable in [*model.variables, *model.optimizer.variables]:
                    variable.assign(np.zeros(variable.shape))
                load_checkpoint(path, model)
            model.fit(
                data, epochs=epoch + 1, initial_epoch=epoch, callbacks=[losses, keep], verbose=0,
                shuffle=False,
            )  # fmt: skip
    options = DecodingOptions(method="greedy", max_words=4)
    found = decode(KerasStepper(model), shown.features.astype(np.float32), options)
    return {
        "losses": losses.found,
        "weights": sizes(model),
        "captions": [one[0].tokens for one in found],
        "devices": len(model.trainable_variables[0].value.sharding.device_set),
        "staircases": len(shown.staircases),
        "weighed": weigh(model),
    }


def weigh(model: keras.Model) -> list[float]:
    # Keras has left averages and weights in the same memory, which JAX will not give away twice
    model.set_weights([np.array(weight) for weight in model.get_weights()])
    step, rng = training_step(model), np.random.default_rng(2)
    targets = rng.integers(4, WORDS, (6, 2, 3), np.int32)
    features = rng.normal(size=(6, PLACES, SIZE)).astype(np.float32)
    batch = {"features": features, "tokens": after_start(targets)}, targets
    return [step((*batch, rng.normal(size=(6, 2)).astype(np.float32))) for _ in range(2)]


def drop_out() -> dict[str, Any]:
    """An epoch with dropout."""
    shown = make_batches(8)
    losses = Losses(shown)
    model = make_model(0.3, len(shown))
    data = prepare_fit(model, shown)
    model.fit(data, epochs=1, callbacks=[losses], verbose=0, shuffle=False)
    return {"losses": losses.found, "weights": sizes(model)}


def sizes(model: keras.Model) -> list[float]:
    """The averaged weights, which Keras leaves in the model when training ends, a number each."""
    return [float(np.abs(weight).sum()) for weight in model.get_weights()]


def run(devices: int) -> dict[str, Any]:
    with on_devices(devices):
        return {"uneven": go_on_from_checkpoint(14), "dropout": drop_out()}


if __name__ == "__main__":
    json.dump([run(1), run(4)], sys.stdout, default=np.ndarray.tolist)
