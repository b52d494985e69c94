"""Self-critical sequence training (Rennie et al. 2017, https://arxiv.org/abs/1612.00563): captions
are sampled, scored, and made likelier or less likely by how much better or worse than a baseline
they are. The baseline is the picture's other samples (Luo 2020, https://arxiv.org/abs/2003.09971)
or, as first published, the greedy caption.

B pictures, S samples of a picture, R places, D feature size, N words of all samples of a picture,
packed (see `looksay.models.staircase`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from looksay.decoding import DecodingOptions, Hypothesis, decode
from looksay.models import CaptionModel
from looksay.models.staircase import pack_arrays
from looksay.models.stepper import KerasStepper
from looksay.text import PAD
from looksay.training.batches import CaptionBatches, after_start
from looksay.training.recipe_options import SelfCriticalOptions
from looksay.training.rewards import CaptionReward, leave_one_out
from looksay.training.staircases import drawn_staircase
from looksay.training.tensorflow_fit import training_step


class SelfCritic:
    """Steps of self-critical training of a compiled model, on any backend.

    batches: whose features and pictures are used; their captions are the references of `reward`.
    """

    def __init__(
        self,
        model: CaptionModel,
        batches: CaptionBatches,
        reward: CaptionReward,
        options: SelfCriticalOptions,
        *,
        max_words: int,
        seed: int = 0,
    ) -> None:
        self.batches, self.reward, self.options, self.seed = batches, reward, options, seed
        self._stepper = KerasStepper(model)
        self._step = training_step(model)
        self._max_words = max_words

    def step(self, index: int) -> tuple[float, float]:
        """One gradient step on a batch; its mean reward and the step's loss."""
        pictures = self.batches.pictures(index)
        features_BRD = self.batches.features_of(pictures)
        mask_BR = self.batches.masks_of(pictures)
        samples = self._sample(features_BRD, mask_BR, pictures)
        rewards_BS = self.reward(pictures, samples)
        advantages_BS = self._advantages(rewards_BS, features_BRD, mask_BR, pictures)
        seen_B = self.batches.seen(pictures)
        advantages_BS *= seen_B[:, None]
        targets, weights = self._columns(samples, advantages_BS)
        inputs: dict[str, Any] = {"features": features_BRD}
        inputs["columns"] = tuple(after_start(column) for column in targets)
        if mask_BR is not None:
            inputs["mask"] = mask_BR
        loss = self._step((inputs, pack_arrays(targets), pack_arrays(weights)))
        return float(rewards_BS[seen_B].mean()) if seen_B.any() else 0.0, loss

    def _columns(
        self, samples: Sequence[Sequence[Sequence[int]]], advantages_BS: np.ndarray
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Each picture's samples side by side, the longest first: their tokens, (B, T_c), and what
        each token weighs, its sample's advantage, (B, T_c) float32."""
        lengths_BS = np.array([[len(tokens) for tokens in of] for of in samples])
        steps = drawn_staircase(lengths_BS)
        order_BS = np.argsort(-lengths_BS, axis=1, kind="stable")
        tokens = [np.full((len(samples), length), PAD, np.int32) for length in steps]
        for row, order_S in enumerate(order_BS):
            for column, number in zip(tokens, order_S, strict=True):
                column[row, : lengths_BS[row, number]] = samples[row][number]
        falling_BS = np.take_along_axis(advantages_BS, order_BS, 1).astype(np.float32)
        weights = [
            np.repeat(falling_BS[:, [number]], length, 1) for number, length in enumerate(steps)
        ]
        return tokens, weights

    def _sample(
        self, features_BRD: np.ndarray, mask_BR: np.ndarray | None, pictures: np.ndarray
    ) -> list[list[list[int]]]:
        # other random numbers for a picture in every epoch
        seed = int(np.random.default_rng((self.seed, self.batches.epoch)).integers(2**31))
        options = DecodingOptions(
            method="sample",
            num_captions=self.options.samples,
            max_words=self._max_words,
            seed=seed,
        )
        numbers = pictures.tolist()
        return _tokens(decode(self._stepper, features_BRD, options, mask_BR, numbers=numbers))

    def _advantages(
        self,
        rewards_BS: np.ndarray,
        features_BRD: np.ndarray,
        mask_BR: np.ndarray | None,
        pictures: np.ndarray,
    ) -> np.ndarray:
        if self.options.baseline == "leave_one_out":
            return leave_one_out(rewards_BS)
        options = DecodingOptions(method="greedy", max_words=self._max_words)
        greedy = _tokens(decode(self._stepper, features_BRD, options, mask_BR))
        return rewards_BS - self.reward(pictures, greedy)


def _tokens(found: Iterable[list[Hypothesis]]) -> list[list[list[int]]]:
    return [[list(map(int, one.tokens)) for one in of_picture] for of_picture in found]


def train_self_critical(
    model: CaptionModel,
    critic: SelfCritic,
    callbacks: keras.callbacks.CallbackList,
    *,
    first_epoch: int,
    epochs: int,
    progress: bool = False,
) -> None:
    """Epochs from `first_epoch` up to `epochs`; `callbacks` see the end of each, and its reward."""
    batches = critic.batches
    model.stop_training = False
    callbacks.on_train_begin()
    for epoch in range(first_epoch, epochs):
        model.reset_metrics()
        rewards = []
        bar = tqdm(
            range(len(batches)), desc=f"epoch {epoch + 1}, self-critical", unit="batch",
            disable=not progress, leave=False,
        )  # fmt: skip
        for index in bar:
            reward, _ = critic.step(index)
            rewards.append(reward)
            if progress and index % 10 == 0:
                bar.set_postfix(reward=f"{np.mean(rewards[-50:]):.3f}")
        batches.plan_next()
        logs: dict[str, Any] = {"reward": float(np.mean(rewards))}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    callbacks.on_train_end()
