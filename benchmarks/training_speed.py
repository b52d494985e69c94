"""Captions a second in training: the tutorial recipe against the tutorial's own formulation.

    python benchmarks/training_speed.py flickr8k:~/Flickr8k
    KERAS_BACKEND=jax python benchmarks/training_speed.py flickr8k:~/Flickr8k

The captions are real; the features, in the shape of the recipe's backbone (64 x 2048), random:
their values cost nothing. Compiling is told apart and not counted. The baseline
(tutorial_baseline.py) runs where the backend is TensorFlow; rounds of both take turns, and the
medians are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402
import numpy as np  # noqa: E402

from looksay.data import load_data  # noqa: E402
from looksay.features.backbones import get_backbone  # noqa: E402
from looksay.models import build_model  # noqa: E402
from looksay.training.batches import CaptionBatches  # noqa: E402
from looksay.training.optimizers import make_optimizer  # noqa: E402
from looksay.training.prepare import Words, prepare_words  # noqa: E402
from looksay.training.recipe import Recipe, load_recipe  # noqa: E402
from looksay.training.tensorflow_fit import prepare_fit  # noqa: E402

ROWS = 512  # pictures' features kept in memory; the pictures share them


def features(recipe: Recipe) -> np.ndarray:
    backbone = get_backbone(recipe.features.backbone)
    shape = (ROWS, backbone.num_places, backbone.feature_size)
    return np.abs(np.random.default_rng(0).standard_normal(shape, np.float32)).astype(np.float16)


class Part(keras.utils.PyDataset):
    """Some batches of an epoch, spread evenly over its lengths."""

    def __init__(self, batches: CaptionBatches, number: int) -> None:
        super().__init__()
        lengths = [batches[i][1].shape[-1] for i in range(len(batches))]
        ordered = np.argsort(lengths, kind="stable")
        self.chosen = ordered[np.linspace(0, len(ordered) - 1, number).round().astype(int)]
        self.whole = batches
        self.features, self.num_captions = batches.features, batches.num_captions
        self.masks, self.of_pictures = batches.masks, batches.of_pictures
        self.soft = batches.soft

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, index: int) -> Any:
        return self.whole[self.chosen[index]]


class Clock(keras.callbacks.Callback):
    """The seconds of an epoch. What `fit` does before and after it is done once a training."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds = time.perf_counter() - self.start


def ours(recipe: Recipe, words: Words, number: int) -> tuple[Callable[[], float], int]:
    """A round of looksay's training, and how many captions it has."""
    keras.config.set_dtype_policy(recipe.training.precision)
    model = build_model(
        recipe.architecture,
        vocabulary_size=len(words.vocabulary),
        feature_size=get_backbone(recipe.features.backbone).feature_size,
        **recipe.model_options,
    )
    rows = [[i % ROWS] for i in range(len(words.captions))]
    batches = CaptionBatches(
        features(recipe),
        rows,
        words.captions,
        batch_pictures=recipe.training.batch_pictures,
        captions_per_picture=recipe.training.captions_per_picture,
        of_pictures={
            name: np.random.default_rng(0)
            .dirichlet(np.ones(model.options[f"{name}_size"]), len(rows))
            .astype(np.float32)
            for name in model.picture_targets
        },
    )
    part = Part(batches, number)
    optimizer = make_optimizer(recipe.training, len(batches))
    optimizer.build(model.trainable_variables)
    compiled = recipe.training.compile and keras.backend.backend() != "torch"
    model.compile(optimizer=optimizer, jit_compile=compiled)

    data = prepare_fit(model, part)  # once: its steps are compiled for it
    clock = Clock()

    def one_round() -> float:
        model.fit(data, epochs=1, verbose=0, shuffle=False, callbacks=[clock])
        return clock.seconds

    captions = sum(len(part[i][1]) * batches.num_captions for i in range(number))
    padding = [(part[i][1] != 0).mean() for i in range(number)]
    print(f"looksay: {captions} captions a round, {1 - np.mean(padding):.0%} of the words padding")
    return one_round, captions


def baseline(recipe: Recipe, words: Words, captions: int) -> tuple[Callable[[], float], int]:
    """A round of the tutorial's formulation over so many captions, as many a step as ours."""
    import tensorflow as tf
    from tutorial_baseline import baseline_step

    rows = recipe.training.batch_pictures * 5
    every = [[1, *tokens] for of_picture in words.captions for tokens in of_picture]
    length = max(map(len, every))
    padded = np.zeros((len(every), length), np.int32)
    for row, tokens in zip(padded, every, strict=True):
        row[: len(tokens)] = tokens
    step, kept = baseline_step(len(words.vocabulary), length), features(recipe)
    order = np.random.default_rng(0).permutation(len(every))[:captions]
    groups = [order[i : i + rows] for i in range(0, len(order) - rows + 1, rows)]

    def one_round() -> float:
        start = time.perf_counter()
        for group in groups:
            picked = tf.constant(kept[group % ROWS].astype(np.float32))
            step(picked, tf.constant(padded[group]))
        return time.perf_counter() - start

    print(f"baseline: every caption padded to {length} words, {rows} captions a step")
    return one_round, len(groups) * rows


def contenders(recipe: Recipe, words: Words, arguments: argparse.Namespace) -> Iterator[tuple]:
    one_round, captions = ours(recipe, words, arguments.batches)
    yield "looksay", one_round, captions
    if keras.backend.backend() == "tensorflow" and not arguments.alone:
        captions = min(captions, arguments.baseline_captions)
        yield "baseline", *baseline(recipe, words, captions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--recipe", default="tutorial")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--batches", type=int, default=40, help="a round of ours")
    parser.add_argument("--baseline-captions", type=int, default=300, help="a round of theirs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without the baseline")
    arguments = parser.parse_args()
    recipe = load_recipe(arguments.recipe, arguments.set)
    words = prepare_words(load_data(arguments.data).split("train"), recipe.text)
    rates: dict[str, list[float]] = {}
    running = list(contenders(recipe, words, arguments))
    for name, one_round, _ in running:
        print(f"{name}: compiled and warm after {one_round():.0f} s", flush=True)
    for _ in range(arguments.rounds):
        for name, one_round, captions in running:
            rates.setdefault(name, []).append(captions / one_round())
    medians = {name: statistics.median(values) for name, values in rates.items()}
    print(f"{keras.backend.backend()}, {recipe.name}, {recipe.training.precision}")
    for name, values in rates.items():
        ratio = medians[name] / medians.get("baseline", medians[name])
        spread = f"{min(values):.0f} to {max(values):.0f}"
        print(f"{name:<12}{medians[name]:8.1f} captions/s ({spread}){ratio:8.2f} of the baseline")
    print(json.dumps(medians))


if __name__ == "__main__":
    main()
