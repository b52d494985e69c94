"""A graph ready to run, whatever runs it."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from looksay.errors import MissingExtraError, UsageError
from looksay.runtime.onnx_contents import check_onnx

ENGINES = ("openvino", "onnxruntime")
PRECISIONS = ("auto", "f32", "bf16")

Arrays = Mapping[str, np.ndarray]


class Pending(Protocol):
    """A run that has been started."""

    def result(self) -> dict[str, np.ndarray]:
        """Wait for it; the outputs belong to the caller. Call it once."""
        ...


class Graph(Protocol):
    """A compiled graph with named inputs and outputs; leading dimensions may vary by call.

    One thread at a time may call it; `submit`ted runs go on beside.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    precision: str
    num_parallel: int
    """How many submitted runs keep the processor busy."""

    def __call__(self, inputs: Arrays, *, borrowed: Collection[str] = ()) -> dict[str, np.ndarray]:
        """Run; outputs in `borrowed` are not copied and last until the next call only."""
        ...

    def submit(self, inputs: Arrays) -> Pending:
        """Start a run and return at once; the inputs must stay unchanged until it has ended."""
        ...


def open_graph(
    path: str | Path,
    *,
    engine: str = "openvino",
    precision: str = "auto",
    throughput: bool = False,
    threads: int | None = None,
) -> Graph:
    """Compile an ONNX file for the processor.

    Args:
        engine: "openvino", or "onnxruntime" (the extra of that name).
        precision: "f32"; "bf16", faster where the processor has it; "auto" takes bf16 there.
        throughput: prepare for several runs at once (`submit`) rather than for one fast one.
        threads: at most so many processor threads; None: as many as there are.

    Raises UsageError for an impossible combination, BundleError for a graph that cannot be read,
    MissingExtraError when the engine is not installed.
    """
    check_engine(engine, precision, threads)
    check_onnx(Path(path))
    if engine == "openvino":
        from looksay.runtime.openvino_engine import OpenVINOGraph

        return OpenVINOGraph(Path(path), precision, throughput, threads)
    from looksay.runtime.onnxruntime_engine import ONNXRuntimeGraph

    return ONNXRuntimeGraph(Path(path), throughput, threads)


def check_engine(engine: str, precision: str, threads: int | None) -> None:
    """Raise the errors of `open_graph` that need no graph, without importing an engine."""
    if engine not in ENGINES:
        raise UsageError(f"The engine {engine!r} is unknown; use one of {', '.join(ENGINES)}.")
    if precision not in PRECISIONS:
        raise UsageError(f"Precision {precision!r} is unknown; use one of {', '.join(PRECISIONS)}.")
    if threads is not None and threads < 1:
        raise UsageError(f"{threads} threads cannot run a graph; give 1 or more.")
    if engine == "onnxruntime" and precision == "bf16":
        raise UsageError("ONNX Runtime computes in f32 here; for bf16 use the engine openvino.")
    if engine == "onnxruntime" and not _is_installed("onnxruntime"):
        raise MissingExtraError(
            "The engine 'onnxruntime' needs ONNX Runtime, which is not installed; "
            "run: pip install 'looksay[onnxruntime]'"
        )


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # blocked by a None in sys.modules
        return False
