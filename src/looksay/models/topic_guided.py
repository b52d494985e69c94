"""Topic-guided attention, after Zhu, Xue and Yuan 2018 (https://arxiv.org/abs/1807.03514).

B pictures, K captions or beams, R places, A attention size, F size of values, Q topics.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from looksay.layers import mean_of_places
from looksay.models.base import Carry, Memory, Notes, Tensor
from looksay.models.show_attend_tell import ShowAttendTell


@keras.saving.register_keras_serializable(package="looksay")
class TopicGuided(ShowAttendTell):
    """What the picture is about, as topics of its captions, guides where to look.

    - A topic network predicts from the mean feature the picture's topics,
      `q = softmax(W_2 ReLU(W_1 mean(a)))`.
    - They stand in the attention's score: `e_i = w . tanh(W_v v_i + W_h h_{t-1} + W_q q)`.
    - The network learns the topics (latent Dirichlet allocation, Blei et al. 2003) of the picture's
      training captions, `inputs["topics"]` (B, Q), by their cross-entropy with weight
      `topic_penalty`, together with the captions.

    After the paper, since its exact equation and sizes are not known: the score above, added to
    Show, Attend and Tell, is our choice. topics_size: Q. topic_network_size: of `W_1`.
    """

    picture_notes = ("topics",)
    picture_targets = ("topics",)

    def __init__(
        self,
        *,
        topics_size: int = 80,
        topic_network_size: int = 512,
        topic_penalty: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.options |= {
            "topics_size": topics_size,
            "topic_network_size": topic_network_size,
            "topic_penalty": topic_penalty,
        }
        self.topic_network = layers.Dense(topic_network_size, "relu", name="topic_network")
        self.topics = layers.Dense(topics_size, dtype="float32", name="topics")
        attention = self.options["attention_size"]
        self.topic_key = layers.Dense(attention, use_bias=False, name="topic_key")

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.topic_network.build((None, self.context_size))
        self.topics.build((None, self.options["topic_network_size"]))
        self.topic_key.build((None, None, self.options["topics_size"]))

    def encode(
        self, features_BRD: Tensor, mask_BR: Tensor, training: bool = False
    ) -> tuple[Memory, Carry]:
        memory, carry = super().encode(features_BRD, mask_BR, training)
        mean_BF = mean_of_places(memory["values"], memory["mask"])
        topics_BQ = ops.softmax(self.topics(self.topic_network(mean_BF)))
        return {**memory, "topics": topics_BQ}, carry

    def attend(self, memory: Memory, h_BKH: Tensor) -> Tensor:
        guide_B1A = self.topic_key(memory["topics"][:, None])
        return self.attention(h_BKH, memory["keys"], memory["mask"], guide_B1A)

    def extra_loss(self, x: Any, notes: Notes, entropy_BCT: Tensor, words_BCT: Tensor) -> Tensor:
        said_BQ = ops.log(ops.cast(notes["topics"], "float32") + 1e-9)
        entropy_B = -ops.sum(ops.cast(x["topics"], "float32") * said_BQ, -1)
        # a picture without a word is there to fill the batch
        real_B = ops.cast(ops.any(words_BCT > 0, (1, 2)), "float32")
        mean = ops.sum(entropy_B * real_B) / ops.maximum(ops.sum(real_B), 1.0)
        return self.options["topic_penalty"] * mean
