"""Captions of a bundle's graphs against Keras with the same (rounded) weights, and bf16 to f32.

    python benchmarks/agreement.py --data flickr8k:~/Flickr8k --images 100

Both read the same features, which the bundle's own backbone graph makes in float32.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from looksay.captioner.captioner import SHIPPED
from looksay.data import load_data
from looksay.decoding import DecodingOptions, Stepper, decode
from looksay.evaluation import evaluate_captions
from looksay.images import load_square
from looksay.runtime import Bundle, GraphStepper, open_graph

GREEDY = DecodingOptions(method="greedy")


def stepper(bundle: Bundle, engine: str, precision: str) -> GraphStepper:
    graphs = (
        open_graph(bundle.graph(name), engine=engine, precision=precision)
        for name in ("encode", "step")
    )
    return GraphStepper(*graphs)


def captions(bundle: Bundle, steps: Stepper, features_NRD: np.ndarray, options: DecodingOptions):
    memory, found = bundle.memory, []
    recall = None if memory is None else memory.recall
    for start in range(0, len(features_NRD), 50):
        found += decode(steps, features_NRD[start : start + 50], options, recall=recall)
    return [bundle.vocabulary.join(bundle.vocabulary.decode(f[0].tokens)) for f in found]


def features(bundle: Bundle, precision: str, paths: list[Path]) -> np.ndarray:
    graph = open_graph(bundle.graph("backbone"), precision=precision)
    size = bundle.image_size
    return np.concatenate(
        [graph({"images": load_square(path, size)[None]})["features"] for path in paths]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    bundle = Bundle.open(arguments.model)
    records = load_data(arguments.data).split("dev")[: arguments.images]
    paths = [record.image for record in records]
    exact = features(bundle, "f32", paths)

    from looksay.export.bundle import load_bundle_model
    from looksay.models.stepper import KerasStepper

    keras_says = captions(bundle, KerasStepper(load_bundle_model(arguments.model)), exact, GREEDY)
    for engine in ("openvino", "onnxruntime"):
        says = captions(bundle, stepper(bundle, engine, "f32"), exact, GREEDY)
        same = sum(a == b for a, b in zip(keras_says, says, strict=True))
        print(f"{engine} f32 and Keras: the same greedy words on {same} of {len(says)}")
    rough = features(bundle, "bf16", paths)
    scores = {}
    for precision, values in (("f32", exact), ("bf16", rough)):
        made = captions(bundle, stepper(bundle, "openvino", precision), values, bundle.decoding)
        by_name = {record.name: text for record, text in zip(records, made, strict=True)}
        scores[precision] = (made, evaluate_captions(records, by_name).scores["CIDEr-D"])
    same = sum(a == b for a, b in zip(scores["f32"][0], scores["bf16"][0], strict=True))
    low, high = (100 * scores[precision][1] for precision in ("bf16", "f32"))
    print(f"bf16 and f32: the same caption on {same} of {len(records)}")
    print(f"CIDEr-D {high:.2f} in f32, {low:.2f} in bf16")


if __name__ == "__main__":
    main()
