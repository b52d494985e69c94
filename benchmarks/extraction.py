"""Feature extraction: pictures a second of looksay's graph against Keras `predict` in float32.

    python benchmarks/extraction.py --backbone inception_v3

Random weights: they cost what trained ones do. Both get the same uint8 pictures in memory, as many
at once as suits each best; rounds take turns, and the medians are compared.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np  # noqa: E402

from looksay.export.process import export_backbone  # noqa: E402
from looksay.features.backbones import get_backbone  # noqa: E402
from looksay.runtime import open_graph  # noqa: E402


def graph_round(path: Path, precision: str, pictures: np.ndarray, at_once: int) -> Callable:
    graph = open_graph(path, precision=precision, throughput=True)

    def one_round() -> None:
        starts = range(0, len(pictures), at_once)
        for run in [graph.submit({"images": pictures[i : i + at_once]}) for i in starts]:
            run.result()

    return one_round


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="inception_v3")
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precisions", nargs="*", default=["f32", "auto"])
    arguments = parser.parse_args()
    backbone = get_backbone(arguments.backbone)
    shape = (arguments.images, backbone.image_size, backbone.image_size, 3)
    pictures = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    model = backbone.build(None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "backbone.onnx"
        export_backbone(backbone, path, "none")
        works: dict[str, Callable] = {
            f"Keras predict, float32, {n} at once": lambda n=n: model.predict(
                pictures, batch_size=n, verbose=0
            )
            for n in (8, 32)
        }
        for precision in dict.fromkeys(arguments.precisions):
            works[f"looksay, {precision}"] = graph_round(path, precision, pictures, 4)
        rates: dict[str, list[float]] = {name: [] for name in works}
        for work in works.values():
            work()  # compile before the clock runs
        for _ in range(arguments.rounds):
            for name, work in works.items():
                start = time.perf_counter()
                work()
                rates[name].append(len(pictures) / (time.perf_counter() - start))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    keras_best = max(value for name, value in medians.items() if name.startswith("Keras"))
    for name, value in medians.items():
        spread = f"{min(rates[name]):.1f} to {max(rates[name]):.1f}"
        print(f"{name:<36}{value:7.1f} pictures/s ({spread}){value / keras_best:8.2f} of Keras")


if __name__ == "__main__":
    main()
