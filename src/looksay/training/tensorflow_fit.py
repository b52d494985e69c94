"""What `Model.fit` needs so that batches may differ in length on TensorFlow, and in their number of
pictures on several devices.

Keras compiles its training step for one signature, where a length that varies is unknown and a
loop over words cannot be unrolled. Here the step is compiled once for each length instead. JAX and
Torch do this of themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from looksay.training.batches import CaptionBatches
from looksay.training.devices import EvenBatches, fill_batch, num_devices


def prepare_fit(model: keras.Model, batches: CaptionBatches) -> Any:
    """What to give to `model.fit` (after `compile`) in place of `batches`."""
    if keras.backend.backend() != "tensorflow":
        return batches if num_devices() == 1 else EvenBatches(batches, num_devices())
    import tensorflow as tf

    step = _compiled_step(model)

    def train_function(iterator: Any) -> Any:
        return step(next(iterator))

    # Keras makes a train function only where there is none
    model.make_train_function = lambda force=False: setattr(model, "train_function", train_function)

    def generate() -> Any:
        for index in range(len(batches)):
            batch = batches[index]
            if index == len(batches) - 1:
                # before the last batch is given: nobody asks for one more than were announced
                batches.on_epoch_end()
            yield batch

    places, size = batches.features.shape[1:]
    tokens = tf.TensorSpec((None, None), tf.int32)
    inputs = {
        "features": tf.TensorSpec((None, places, size), tf.float32),
        "columns": (tokens,) * batches.num_captions,
        **{
            name: tf.TensorSpec((None, *values.shape[1:]), tf.float32)
            for name, values in batches.of_pictures.items()
        },
    }
    if batches.masks is not None:
        inputs["mask"] = tf.TensorSpec((None, places), tf.float32)
    if batches.soft is not None:
        kept = batches.soft.words.shape[1]
        inputs["teacher_words"] = tf.TensorSpec((None, None, kept), tf.int32)
        inputs["teacher_shares"] = tf.TensorSpec((None, None, kept), tf.float32)
    signature = (inputs, tokens)
    data = tf.data.Dataset.from_generator(generate, output_signature=signature)
    data = data.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(1)
    # there is nothing to tune, and the end of each epoch would wait until the tuner wakes next: it
    # sleeps twice as long each time, up to a minute
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)


def training_step(model: keras.Model) -> Callable[[tuple], float]:
    """One gradient step on a batch (inputs, targets, sample weights); returns the loss."""
    if keras.backend.backend() != "tensorflow":
        return lambda batch: float(model.train_on_batch(*fill_batch(batch, num_devices())))
    step = _compiled_step(model)
    return lambda batch: float(
        step(keras.tree.map_structure(keras.ops.convert_to_tensor, batch))["loss"]
    )


def _compiled_step(model: keras.Model) -> Any:
    """TensorFlow's training step, compiled anew for each shape."""
    import tensorflow as tf

    return tf.function(model.train_step, jit_compile=model.jit_compile)
