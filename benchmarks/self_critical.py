"""Self-critical training: milliseconds for sampling, rewards and the gradient step of a batch.

    python benchmarks/self_critical.py flickr8k:~/Flickr8k --pictures 32 --samples 5

Real captions, random features, the model as it starts: its samples are as long as the limit allows,
which is the slowest that they can be. The rewards are also timed on the pictures' own captions,
which share n-grams with the references as a trained model's samples do.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402
import numpy as np  # noqa: E402

from looksay.data import load_data  # noqa: E402
from looksay.features.backbones import get_backbone  # noqa: E402
from looksay.models import build_model  # noqa: E402
from looksay.training.batches import CaptionBatches  # noqa: E402
from looksay.training.prepare import prepare_words  # noqa: E402
from looksay.training.recipe import load_recipe  # noqa: E402
from looksay.training.recipe_options import SelfCriticalOptions  # noqa: E402
from looksay.training.rewards import CaptionReward  # noqa: E402
from looksay.training.self_critical import SelfCritic  # noqa: E402


def milliseconds(work: Callable[[], object], rounds: int) -> str:
    """Median and range, after one round that compiles."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return f"{statistics.median(times):7.1f} ms ({min(times):.1f} to {max(times):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    recipe = load_recipe(arguments.recipe)
    backbone = get_backbone(recipe.features.backbone)
    words = prepare_words(load_data(arguments.data).split("train"), recipe.text)
    model = build_model(
        recipe.architecture,
        vocabulary_size=len(words.vocabulary),
        feature_size=backbone.feature_size,
        **recipe.model_options,
    )
    model.set_output_bias(words.log_frequencies())
    model.compile(keras.optimizers.Adam(1e-6), jit_compile=keras.backend.backend() != "torch")
    shape = (arguments.pictures, backbone.num_places, backbone.feature_size)
    features = np.random.default_rng(0).standard_normal(shape, np.float32).astype(np.float16)
    rows = [[i % arguments.pictures] for i in range(len(words.captions))]
    batches = CaptionBatches(
        features, rows, words.captions, batch_pictures=arguments.pictures, shuffle=False
    )
    reward = CaptionReward(words.captions, bleu_weight=1.0)
    options = SelfCriticalOptions(samples=arguments.samples, bleu_weight=1.0)
    critic = SelfCritic(model, batches, reward, options, max_words=words.max_tokens)
    pictures = batches.pictures(0)
    own = [(of * arguments.samples)[: arguments.samples] for of in words.captions[: len(pictures)]]
    shown = batches.features_of(pictures)
    print(f"{keras.backend.backend()}, {len(pictures)} pictures x {arguments.samples} samples")
    print("rewards  ", milliseconds(lambda: reward(pictures, own), arguments.rounds))
    print(
        "sampling ", milliseconds(lambda: critic._sample(shown, None, pictures), arguments.rounds)
    )
    print("whole    ", milliseconds(lambda: critic.step(0), arguments.rounds))


if __name__ == "__main__":
    main()
