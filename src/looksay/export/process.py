"""Starts the export's own process and says in a sentence what went wrong in it."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from looksay.errors import FeatureError, MissingExtraError, TrainingError
from looksay.export.worker import USER_ERROR
from looksay.features.backbones import Backbone
from looksay.files import replace_file

logger = logging.getLogger(__name__)


def export_backbone(backbone: Backbone, path: Path, weights: str | None = "imagenet") -> None:
    """Write a backbone's graph to `path`; atomic."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "backbone.onnx"
        job = {"kind": "backbone", "name": backbone.name, "weights": weights}
        run_export({**job, "output": str(output)}, Path(folder))
        replace_file(path, output.read_bytes())


def run_export(job: dict[str, Any], folder: Path) -> None:
    """Run a job (see `looksay.export.worker`) in TensorFlow; its files are in `folder`."""
    for module in ("tensorflow", "tf2onnx", "onnx"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(
                f"export needs {module}, which is not installed: pip install 'looksay[train]'"
            )
    path = folder / "job.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [sys.executable, "-m", "looksay.export.worker", str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    logger.debug("export: %s", done.stderr)
    if done.returncode == USER_ERROR:
        raise FeatureError(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise TrainingError(f"the export failed: {reason[0]}; see it whole with --debug")
