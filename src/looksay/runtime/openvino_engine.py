"""Graphs run by OpenVINO."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Collection
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from looksay.errors import BundleError
from looksay.runtime.graph import Arrays

_CONVERTER = "openvino.tools.ovc"


def import_openvino() -> ModuleType:
    """OpenVINO without its model converter, whose import reports itself to a statistics server.

    The converter also takes longer to import than all the rest. OpenVINO does without it when its
    import fails, so it fails, once; who needs it can still import `openvino.tools.ovc`.
    """
    if "openvino" not in sys.modules and _CONVERTER not in sys.modules:
        sys.modules[_CONVERTER] = None  # type: ignore[assignment]
        try:
            import openvino
        finally:
            del sys.modules[_CONVERTER]
    import openvino  # noqa: F811

    return openvino


@functools.cache
def core() -> Any:
    """The one OpenVINO core of the process."""
    return import_openvino().Core()


def resolve_precision(precision: str) -> str:
    """ "auto" made definite: bf16 where the processor computes in it, f32 elsewhere."""
    if precision != "auto":
        return precision
    capabilities = core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "bf16" if "BF16" in capabilities else "f32"


class OpenVINOGraph:
    """A graph compiled for the CPU; see `Graph`."""

    def __init__(self, path: Path, precision: str, throughput: bool, threads: int | None):
        self.precision = resolve_precision(precision)
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": self.precision,
            "PERFORMANCE_HINT": "THROUGHPUT" if throughput else "LATENCY",
        }
        if threads is not None:
            options["INFERENCE_NUM_THREADS"] = threads
        try:
            self._compiled = core().compile_model(str(path), "CPU", options)
        except RuntimeError as error:
            raise BundleError(f"{path} is no graph that OpenVINO can run: {error}") from error
        self.inputs = tuple(map(_end_name, self._compiled.inputs))
        self.outputs = tuple(map(_end_name, self._compiled.outputs))
        self.num_parallel: int = self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._request = self._compiled.create_infer_request()
        self._idle: list[Any] = []

    def __call__(self, inputs: Arrays, *, borrowed: Collection[str] = ()) -> dict[str, np.ndarray]:
        results = self._request.infer(_ready(inputs), share_inputs=True, share_outputs=True)
        return {
            name: results[index] if name in borrowed else results[index].copy()
            for index, name in enumerate(self.outputs)
        }

    def submit(self, inputs: Arrays) -> _Run:
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        ready = _ready(inputs)
        request.start_async(ready, share_inputs=True)
        return _Run(request, ready, self.outputs, self._idle)


class _Run:
    def __init__(
        self, request: Any, inputs: dict[str, np.ndarray], outputs: tuple[str, ...], idle: list[Any]
    ):
        self._request, self._inputs, self._outputs, self._idle = request, inputs, outputs, idle

    def result(self) -> dict[str, np.ndarray]:
        self._request.wait()
        copies = {
            name: self._request.get_output_tensor(index).data.copy()
            for index, name in enumerate(self._outputs)
        }
        self._inputs = {}
        self._idle.append(self._request)
        return copies

    def __del__(self) -> None:
        if self._inputs:  # nobody asked for the result; the run still reads the arrays
            with contextlib.suppress(RuntimeError):
                self._request.wait()


def _end_name(port: Any) -> str:
    """The name that the bundle gives to a graph's end.

    A reshape that changes nothing is dropped when the graph is read, and its end then also bears
    the name of the node before it, which converters write with a slash or a colon.
    """
    return min(port.get_names(), key=lambda name: ("/" in name or ":" in name, name))


def _ready(inputs: Arrays) -> dict[str, np.ndarray]:
    """Arrays that OpenVINO can read where they lie."""
    return {name: np.ascontiguousarray(array) for name, array in inputs.items()}
