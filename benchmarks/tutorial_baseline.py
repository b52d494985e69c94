"""The tutorial's own formulation of its training step, as the baseline of training_speed.py.

One caption a row with features of its own, every caption padded to the longest of the set, the
features projected again at every word, a Keras GRU over one word at a time, float32, TensorFlow,
the whole step in one `tf.function`. B captions, R places, D feature size, T words.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

EMBEDDING, ENCODER, UNITS, ATTENTION = 256, 256, 512, 512


class Attention(keras.Model):
    """Additive attention; both projections at each call."""

    def __init__(self) -> None:
        super().__init__()
        self.features = keras.layers.Dense(ATTENTION)
        self.state = keras.layers.Dense(ATTENTION)
        self.score = keras.layers.Dense(1)

    def call(self, features_BRF: tf.Tensor, hidden_BH: tf.Tensor) -> tf.Tensor:
        inside = tf.nn.tanh(self.features(features_BRF) + self.state(hidden_BH[:, None]))
        weights = tf.nn.softmax(self.score(inside), axis=1)
        return tf.reduce_sum(weights * features_BRF, axis=1)


class Decoder(keras.Model):
    """One word on."""

    def __init__(self, num_words: int) -> None:
        super().__init__()
        self.attention = Attention()
        self.embedding = keras.layers.Embedding(num_words, EMBEDDING)
        self.gru = keras.layers.GRU(UNITS, return_sequences=True, return_state=True)
        self.dense = keras.layers.Dense(UNITS)
        self.logits = keras.layers.Dense(num_words)

    def call(self, word_B1: tf.Tensor, features: tf.Tensor, hidden: tf.Tensor) -> tuple:
        context = self.attention(features, hidden)
        inputs = tf.concat([context[:, None], self.embedding(word_B1)], axis=-1)
        output, state = self.gru(inputs)  # without the carried state, as the ports have it
        return self.logits(self.dense(output[:, 0])), state


def baseline_step(num_words: int, length: int) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """A training step (features (B, R, D), captions (B, length)) -> loss."""
    encoder = keras.layers.Dense(ENCODER, activation="relu")
    decoder = Decoder(num_words)
    optimizer = keras.optimizers.Adam()

    @tf.function
    def step(features_BRD: tf.Tensor, captions_BT: tf.Tensor) -> tf.Tensor:
        loss = 0.0
        with tf.GradientTape() as tape:
            encoded = encoder(features_BRD)
            hidden = tf.zeros((tf.shape(captions_BT)[0], UNITS))
            for t in range(1, length):
                logits, hidden = decoder(captions_BT[:, t - 1 : t], encoded, hidden)
                target = captions_BT[:, t]
                entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(target, logits)
                loss += tf.reduce_mean(entropy * tf.cast(target != 0, tf.float32))
        variables = encoder.trainable_variables + decoder.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return step
