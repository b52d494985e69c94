"""Writes a bundle of tiny graphs: 8x8 pictures, 2x2 places, a dozen words, numbers from a seed.

A place is 4x4 pixels; more of them want larger pictures.

`NumpyStepper` computes the same in NumPy, so that the engines have something to agree with.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from looksay.runtime import write_manifest
from looksay.text import END, SPECIALS, Vocabulary

WORDS = tuple("a the dog cat man runs sits on grass red big ball".split())
NUM_TOKENS = len(SPECIALS) + len(WORDS)
BLOCK, ROWS, FEATURES, HIDDEN = 4, 2, 6, 5

CONFIG = {
    "name": "toy",
    "version": "0.1.0",
    "architecture": "toy",
    "image_size": BLOCK * ROWS,
    "grid": [ROWS, ROWS],
    "feature_size": FEATURES,
    "backbone": {"name": "toy"},
    "decoding": {"method": "beam", "beam_size": 3, "max_words": 8},
    "licence": "CC0-1.0",
}


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    """The numbers of the three graphs, by name."""
    rng = np.random.default_rng(seed)
    shapes = {
        "pixels": (48, FEATURES),
        "keys": (FEATURES, HIDDEN),
        "first": (FEATURES, HIDDEN),
        "embedding": (NUM_TOKENS, HIDDEN),
        "state": (HIDDEN, HIDDEN),
        "output": (HIDDEN, NUM_TOKENS),
        "context": (FEATURES, NUM_TOKENS),
    }
    numbers = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    numbers["bias"] = np.zeros(NUM_TOKENS, np.float32)
    numbers["bias"][END] = 4.0  # captions end, some early, some late
    return numbers


class NumpyStepper:
    """The toy's encode and step, in NumPy."""

    def __init__(self, seed: int = 0, rows: int = ROWS):
        self.weights, self.rows = weights(seed), rows

    def backbone(self, images):
        split = -1, self.rows, BLOCK, self.rows, BLOCK, 3
        blocks = images.astype(np.float32).reshape(split) / 255
        blocks = blocks.transpose(0, 1, 3, 2, 4, 5).reshape(-1, self.rows**2, 48)
        return np.tanh(blocks @ self.weights["pixels"])

    def encode(self, features, mask):
        mask = np.ones(features.shape[:2], np.float32) if mask is None else mask
        places = features * mask[..., None]
        first = places.mean(axis=1, keepdims=True) @ self.weights["first"]
        return {"places": places, "keys": places @ self.weights["keys"]}, {"state": first}

    def step(self, tokens, memory, carry):
        embedded = self.weights["embedding"][tokens]
        state = np.tanh(carry["state"] @ self.weights["state"] + embedded)
        attention = np.exp(state @ memory["keys"].transpose(0, 2, 1))
        attention /= attention.sum(axis=-1, keepdims=True)
        context = attention @ memory["places"]
        logits = state @ self.weights["output"] + context @ self.weights["context"]
        logits += self.weights["bias"]
        log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        return log_probs.astype(np.float32), attention.astype(np.float32), {"state": state}


def write_toy_bundle(
    folder: Path,
    *,
    seed: int = 0,
    rows: int = ROWS,
    num_regions: int | None = None,
    files: dict[str, bytes | None] | None = None,
    **config,
) -> Path:
    """Write the bundle, of `rows` times `rows` places; further arguments replace keys of its
    description.

    num_regions: how many the model looks at in place of the grid's places. files: further files by
    name; None in place of the bytes leaves a file out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers, places = weights(seed), num_regions or rows**2
    graphs = {
        "backbone": _backbone(numbers, rows),
        "encode": _encode(numbers, places),
        "step": _step(numbers, places),
    }
    written = {f"{name}.onnx": graph.SerializeToString() for name, graph in graphs.items()}
    for name, data in (written | (files or {})).items():
        if data is not None:
            (folder / name).write_bytes(data)
    Vocabulary((*SPECIALS, *WORDS)).save(folder / "vocabulary.txt")
    (folder / "card.md").write_text("# A toy\n", encoding="utf-8")
    sizes = {"image_size": BLOCK * rows, "grid": [rows, rows]}
    write_manifest(folder, CONFIG | sizes | config)
    return folder


def _backbone(numbers, rows: int) -> onnx.ModelProto:
    side, places = BLOCK * rows, rows**2
    nodes = [
        ("Cast", ["images"], "floats", {"to": TensorProto.FLOAT}),
        ("Div", ["floats", "white"], "scaled"),
        ("Reshape", ["scaled", "split"], "parts"),
        ("Transpose", ["parts"], "blocks", {"perm": [0, 1, 3, 2, 4, 5]}),
        ("Reshape", ["blocks", "rows"], "flat"),
        ("MatMul", ["flat", "pixels"], "projected"),
        ("Tanh", ["projected"], "features"),
    ]
    constants = {
        "white": np.float32(255),
        "split": np.array([-1, rows, BLOCK, rows, BLOCK, 3]),
        "rows": np.array([-1, places, 48]),
        "pixels": numbers["pixels"],
    }
    return _model(
        nodes,
        constants,
        {"images": (TensorProto.UINT8, ["B", side, side, 3])},
        {"features": ["B", places, FEATURES]},
    )


def _encode(numbers, places: int) -> onnx.ModelProto:
    nodes = [
        ("Unsqueeze", ["mask", "last"], "mask_3"),
        ("Mul", ["features", "mask_3"], "memory.places"),
        ("MatMul", ["memory.places", "keys"], "memory.keys"),
        ("ReduceMean", ["memory.places", "middle"], "mean", {"keepdims": 1}),
        ("MatMul", ["mean", "first"], "carry.state"),
    ]
    constants = {
        "last": np.array([2]),
        "middle": np.array([1]),
        "keys": numbers["keys"],
        "first": numbers["first"],
    }
    return _model(
        nodes,
        constants,
        {
            "features": (TensorProto.FLOAT, ["B", places, FEATURES]),
            "mask": (TensorProto.FLOAT, ["B", places]),
        },
        {
            "memory.places": ["B", places, FEATURES],
            "memory.keys": ["B", places, HIDDEN],
            "carry.state": ["B", 1, HIDDEN],
        },
    )


def _step(numbers, places: int) -> onnx.ModelProto:
    nodes = [
        ("Gather", ["embedding", "tokens"], "embedded"),
        ("MatMul", ["carry.state", "state"], "moved"),
        ("Add", ["moved", "embedded"], "sum"),
        ("Tanh", ["sum"], "carry.state.next"),
        ("Transpose", ["memory.keys"], "keys", {"perm": [0, 2, 1]}),
        ("MatMul", ["carry.state.next", "keys"], "scores"),
        ("Softmax", ["scores"], "attention", {"axis": -1}),
        ("MatMul", ["attention", "memory.places"], "context_vector"),
        ("MatMul", ["carry.state.next", "output"], "from_state"),
        ("MatMul", ["context_vector", "context"], "from_context"),
        ("Add", ["from_state", "from_context"], "unbiased"),
        ("Add", ["unbiased", "bias"], "logits"),
        ("LogSoftmax", ["logits"], "log_probs", {"axis": -1}),
    ]
    constants = {
        name: numbers[name] for name in ("embedding", "state", "output", "context", "bias")
    }
    return _model(
        nodes,
        constants,
        {
            "tokens": (TensorProto.INT32, ["B", "K"]),
            "memory.places": (TensorProto.FLOAT, ["B", places, FEATURES]),
            "memory.keys": (TensorProto.FLOAT, ["B", places, HIDDEN]),
            "carry.state": (TensorProto.FLOAT, ["B", "K", HIDDEN]),
        },
        {
            "log_probs": ["B", "K", NUM_TOKENS],
            "attention": ["B", "K", places],
            "carry.state.next": ["B", "K", HIDDEN],
        },
    )


def _model(nodes, constants, inputs, outputs) -> onnx.ModelProto:
    graph = helper.make_graph(
        [
            helper.make_node(kind, names, [output], **(rest[0] if rest else {}))
            for kind, names, output, *rest in nodes
        ],
        "toy",
        [helper.make_tensor_value_info(name, *what) for name, what in inputs.items()],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in outputs.items()
        ],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model
