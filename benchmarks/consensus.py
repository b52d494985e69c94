"""What a memory for the consensus costs: learning it, its file, and recalling from it.

    python benchmarks/consensus.py --data flickr8k:~/Flickr8k --pictures 6000 50000

Captions are the data set's own; where there are too few pictures, theirs again with the words in
another order. Features are made up. Recalling is a share of what a whole caption of the shipped
model takes, one photograph at a time.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import looksay
from looksay.consensus import learn_memory, write_memory
from looksay.data import load_data
from looksay.text import split_words

BATCH = 16


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def captions_of(records: list, vocabulary, count: int, rng: np.random.Generator) -> list:
    """Tokens of so many pictures' captions."""
    own = [[vocabulary.encode(split_words(c))[:-1] for c in r.captions] for r in records]
    more = (own[n % len(own)] for n in range(len(own), count))
    return own[:count] + [[list(rng.permutation(caption)) for caption in of] for of in more]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--pictures", type=int, nargs="+", default=[6000, 50000])
    arguments = parser.parse_args()
    captioner = looksay.load()
    bundle, rng = captioner.bundle, np.random.default_rng(0)
    records = load_data(arguments.data).split("train")
    photograph = records[0].image
    captioner(photograph)  # compile before the clock runs
    whole = seconds(lambda: captioner(photograph), 30)
    places = bundle.grid[0] * bundle.grid[1]
    seen = rng.normal(size=(BATCH, places, bundle.feature_size)).astype(np.float32)
    print("pictures  learning  peak memory  file  recalling a picture  share of a caption")
    for count in arguments.pictures:
        captions = captions_of(records, bundle.vocabulary, count, rng)
        means = rng.normal(size=(count, bundle.feature_size)).astype(np.float32)
        start = time.perf_counter()
        memory = learn_memory(means, captions, len(bundle.vocabulary))
        learning = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "memory.npz"
            write_memory(memory, path)
            size = path.stat().st_size / 1e6
        memory.recall(seen)
        recalling = seconds(lambda m=memory: m.recall(seen), 5) / BATCH
        print(
            f"{count:8} {learning:7.1f} s {peak:9.1f} GB {size:4.0f} MB {1e3 * recalling:15.1f} ms "
            f"{recalling / whole:17.2f}"
        )


if __name__ == "__main__":
    main()
