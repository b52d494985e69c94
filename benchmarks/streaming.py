"""Epochs streamed from shards against epochs from stored features: pictures a second, and memory.

    python benchmarks/streaming.py flickr8k:~/Flickr8k --pictures 512

Packs photographs into shards in a temporary folder, and trains the recipe on them both ways, in the
same process: whole epochs of `Model.fit`, the first one (compiling) not counted, the ways taking
turns. A streamed epoch makes its features, so it cannot be faster than these are made: "features
alone" is the same reading, decoding and computing without training. Memory is anonymous (Linux),
the most during a way's epochs; what one way holds counts for the others.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402
from memory import anonymous  # noqa: E402

from looksay.data import Record, load_data  # noqa: E402
from looksay.images import open_file  # noqa: E402
from looksay.training.batches import CaptionBatches, feeding  # noqa: E402
from looksay.training.making import (  # noqa: E402
    compile_model,
    make_batches,
    make_model,
    set_up_backend,
)
from looksay.training.optimizers import make_optimizer  # noqa: E402
from looksay.training.prepare import load_recipe_data  # noqa: E402
from looksay.training.recipe import load_recipe  # noqa: E402
from looksay.training.run import start_run  # noqa: E402
from looksay.training.streamed_batches import StreamedBatches  # noqa: E402
from looksay.training.tensorflow_fit import prepare_fit  # noqa: E402

DEV_PICTURES = 20


def pack(records: Sequence[Record], folder: Path, name: str, of_shard: int) -> None:
    for start in range(0, len(records), of_shard):
        with tarfile.open(folder / f"{name}-{start // of_shard:04d}.tar", "w") as tar:
            for record in records[start : start + of_shard]:
                with open_file(record.image) as file:
                    add(tar, record.image.name, file.read())
                captions = "\n".join(record.captions).encode()
                add(tar, f"{record.image.stem}.txt", captions)


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, BytesIO(content))


class Clock(keras.callbacks.Callback):
    """The seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._start)


@contextmanager
def watched(peaks: dict[str, int], name: str) -> Iterator[None]:
    """Notes the most anonymous memory of this process meanwhile."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.05):
            peaks[name] = max(peaks.get(name, 0), anonymous(os.getpid()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def way(shards: Path, scratch: Path, settings: Sequence[str], streamed: bool) -> Any:
    """A run, its model and its batches."""
    name = "streamed" if streamed else "stored"
    settings = [*settings, *(["features.streamed=true"] if streamed else [])]
    recipe = load_recipe("default", settings)
    dataset = load_recipe_data(f"webdataset:{shards}", recipe)
    run = start_run(scratch / name, recipe, dataset, features_folder=scratch / "features")
    set_up_backend(recipe)
    model = make_model(run)
    batches = make_batches(run, recipe.training.batch_pictures, first_epoch=0)
    compile_model(run, model, make_optimizer(recipe.training, len(batches)))
    return model, batches


def epochs(model: keras.Model, batches: CaptionBatches, number: int) -> list[float]:
    clock = Clock()
    with feeding(batches):
        model.fit(
            prepare_fit(model, batches), epochs=number, callbacks=[clock], verbose=0, shuffle=False
        )
    return clock.seconds


def features_alone(batches: StreamedBatches) -> float:
    numbers = batches._arrival.tolist()
    start = time.perf_counter()
    with closing(batches._read(numbers, [0] * len(numbers))) as chunks:
        assert sum(len(chunk.numbers) for chunk in chunks) == len(numbers)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--pictures", type=int, default=512)
    parser.add_argument("--shard", type=int, default=64, help="pictures of a shard")
    parser.add_argument("--buffer", type=int, default=128, help="features.buffer_pictures")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], help="as `looksay train` has it")
    arguments = parser.parse_args()
    settings = ['features.views=["plain"]', "text.min_count=1", *arguments.set]
    buffer = f"features.buffer_pictures={arguments.buffer}"
    dataset = load_data(arguments.data)
    with tempfile.TemporaryDirectory() as folder:
        scratch, shards = Path(folder), Path(folder) / "shards"
        os.environ["LOOKSAY_CACHE"] = folder
        shards.mkdir()
        pack(dataset.split("train")[: arguments.pictures], shards, "train", arguments.shard)
        pack(dataset.split("dev")[:DEV_PICTURES], shards, "dev", arguments.shard)
        peaks: dict[str, int] = {}
        works: dict[str, Callable[[], list[float]]] = {}
        # streamed first: the store has nothing of the training pictures yet
        for name, streamed in (("streamed", True), ("stored", False)):
            own = [*settings, *([buffer] if streamed else [])]
            model, batches = way(shards, scratch, own, streamed)
            works[name] = lambda m=model, b=batches: epochs(m, b, 1)
            if isinstance(batches, StreamedBatches):
                works["features alone"] = lambda b=batches: [features_alone(b)]
                ours = batches
            works[name]()  # compiles
        seconds: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(arguments.rounds):
            for name, work in works.items():
                with watched(peaks, name):
                    seconds[name] += work()
        pictures = len(ours.captions)
        rates = {name: pictures / statistics.median(of) for name, of in seconds.items()}
        for name, rate in rates.items():
            spread = ", ".join(f"{pictures / of:.1f}" for of in seconds[name])
            print(f"{name:<15}{rate:8.1f} pictures/s ({spread}), {peaks[name] / 2**30:.2f} GiB")
        apart = 1 / (1 / rates["stored"] + 1 / rates["features alone"])
        print(f"streamed / stored {rates['streamed'] / rates['stored']:.2f}")
        print(f"streamed / features alone {rates['streamed'] / rates['features alone']:.2f}")
        print(f"streamed / one after the other {rates['streamed'] / apart:.2f}")
        print(f"at most {ours.most_held} of {pictures} pictures' features were held")


if __name__ == "__main__":
    main()
