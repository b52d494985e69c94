"""What `Model.fit` needs on TensorFlow so that batches may differ in length.

Keras compiles its training step for one signature, where a length that varies is unknown and a
loop over words cannot be unrolled. Here the step is compiled once for each length instead. JAX and
Torch do this of themselves.
"""

from __future__ import annotations

from typing import Any

import keras

from looksay.training.batches import CaptionBatches


def prepare_fit(model: keras.Model, batches: CaptionBatches) -> Any:
    """What to give to `model.fit` (after `compile`) in place of `batches`."""
    if keras.backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    step = tf.function(model.train_step, jit_compile=model.jit_compile)

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
    tokens = tf.TensorSpec((None, batches.num_captions, None), tf.int32)
    signature = (
        {"features": tf.TensorSpec((None, places, size), tf.float32), "tokens": tokens},
        tokens,
    )
    data = tf.data.Dataset.from_generator(generate, output_signature=signature)
    return data.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(1)
