"""A bundle's `encode` and `step` graphs as one Stepper.

B pictures, K beams or samples of one, R places, D feature size, V vocabulary.
"""

from __future__ import annotations

import numpy as np

from looksay.decoding import Carry, Memory
from looksay.errors import BundleError
from looksay.runtime.graph import Graph

_MEMORY, _CARRY, _NEXT = "memory.", "carry.", ".next"


class GraphStepper:
    """Implements `looksay.decoding.Stepper` with two graphs; BundleError where they do not fit.

    `encode` takes `features` and `mask` and gives `memory.*` and `carry.*`; `step` takes these and
    `tokens`, and gives `log_probs`, `attention` and `carry.*.next`. The log-probabilities of a step
    last until the next one. `num_tokens` is how many there must be: another model's vocabulary
    would give gibberish.
    """

    def __init__(self, encode_graph: Graph, step_graph: Graph, num_tokens: int | None = None):
        self._encode, self._step, self._num_tokens = encode_graph, step_graph, num_tokens
        self._memory = [n for n in step_graph.inputs if n.startswith(_MEMORY)]
        self._carry = [n for n in step_graph.inputs if n.startswith(_CARRY)]
        given = {"tokens", *encode_graph.outputs}
        wanted = {"log_probs", "attention", *(name + _NEXT for name in self._carry)}
        missing = sorted(set(step_graph.inputs) - given) + sorted(wanted - set(step_graph.outputs))
        if "features" not in encode_graph.inputs:
            missing.append("features")
        if missing:
            raise BundleError(
                f"The bundle's encode and step graphs do not fit together: {', '.join(missing)} "
                "is not there; export the model again."
            )

    def encode(self, features_BRD: np.ndarray, mask_BR: np.ndarray | None) -> tuple[Memory, Carry]:
        inputs = {"features": features_BRD}
        if "mask" in self._encode.inputs:
            if mask_BR is None:
                mask_BR = np.ones(features_BRD.shape[:2], np.float32)
            inputs["mask"] = mask_BR.astype(np.float32, copy=False)
        outputs = self._encode(inputs)
        memory = {name.removeprefix(_MEMORY): outputs[name] for name in self._memory}
        carry = {name.removeprefix(_CARRY): outputs[name] for name in self._carry}
        return memory, carry

    def step(
        self, tokens_BK: np.ndarray, memory: Memory, carry: Carry
    ) -> tuple[np.ndarray, np.ndarray, Carry]:
        inputs = {"tokens": tokens_BK}
        inputs |= {_MEMORY + name: array for name, array in memory.items()}
        inputs |= {_CARRY + name: array for name, array in carry.items()}
        outputs = self._step(inputs, borrowed=("log_probs",))
        num_tokens = outputs["log_probs"].shape[-1]
        if self._num_tokens not in (None, num_tokens):
            raise BundleError(
                f"The model chooses among {num_tokens} tokens and its vocabulary has "
                f"{self._num_tokens}: they do not belong together; get or export the bundle again."
            )
        carry = {name.removeprefix(_CARRY): outputs[name + _NEXT] for name in self._carry}
        return outputs["log_probs"], outputs["attention"], carry
