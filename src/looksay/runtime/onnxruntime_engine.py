"""Graphs run by ONNX Runtime, an extra: a second opinion on every result."""

from __future__ import annotations

import os
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from looksay.errors import BundleError
from looksay.runtime.graph import Arrays


def import_onnxruntime() -> Any:
    """ONNX Runtime with its statistics (sent on Windows only) switched off."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


class ONNXRuntimeGraph:
    """A graph on ONNX Runtime's CPU provider, in float32; see `Graph`."""

    precision = "f32"

    def __init__(self, path: Path, throughput: bool, threads: int | None):
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors; they are raised too
        if threads is not None:
            options.intra_op_num_threads = threads
        self.num_parallel = 2 if throughput else 1
        try:
            self._session = onnxruntime.InferenceSession(
                os.fspath(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors share no narrower class
            raise BundleError(f"{path} is no graph that ONNX Runtime can run: {error}") from error
        self.inputs = tuple(end.name for end in self._session.get_inputs())
        self.outputs = tuple(end.name for end in self._session.get_outputs())
        self._pool = ThreadPoolExecutor(self.num_parallel, "looksay-onnxruntime")

    def __call__(self, inputs: Arrays, *, borrowed: Collection[str] = ()) -> dict[str, np.ndarray]:
        results = self._session.run(list(self.outputs), dict(inputs))  # arrays of our own
        return dict(zip(self.outputs, results, strict=True))

    def submit(self, inputs: Arrays) -> Future[dict[str, np.ndarray]]:
        return self._pool.submit(self, inputs)
