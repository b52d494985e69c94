"""What a run's checkpoint says beside its weights; reading it needs no Keras."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from looksay.errors import TrainingError

CHECKPOINT = "checkpoint.npz"

# what reading a broken .npz file raises
DAMAGE = (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error)


def load_state(path: Path) -> dict[str, Any]:
    """The run's state alone. TrainingError where the file is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return json.loads(arrays["state"].tobytes())
    except DAMAGE as error:
        raise TrainingError(f"{path} is damaged or of another model; start a new run") from error
