"""The state of a run in one file, written whole or not at all.

A checkpoint has every variable of the model (the dropout generators' states among them) and of the
optimiser, and the run's own state as JSON. A run that goes on from one ends with the weights of a
run that was never stopped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from looksay.errors import TrainingError
from looksay.files import replacing
from looksay.training.state import DAMAGE


def save_checkpoint(path: Path, model: keras.Model, state: dict[str, Any]) -> None:
    """Write variables and state (JSON) to `path`, an .npz file."""
    arrays = {
        f"{part}_{index:04d}": keras.ops.convert_to_numpy(variable)
        for part, variables in _variables(model).items()
        for index, variable in enumerate(variables)
    }
    text = np.frombuffer(json.dumps(state).encode(), np.uint8)
    try:
        with replacing(path) as temporary:
            np.savez(temporary, state=text, **arrays)
    except OSError as error:
        raise TrainingError(
            f"{path} cannot be written ({error.strerror}); the epoch before is kept, and "
            "--resume goes on from it"
        ) from error


def load_checkpoint(path: Path, model: keras.Model) -> dict[str, Any]:
    """Put the variables back into a model built and compiled alike; returns the run's state."""
    try:
        # opened here because NumPy leaves a file open that it cannot read
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            state = json.loads(arrays["state"].tobytes())
            for part, variables in _variables(model).items():
                for index, variable in enumerate(variables):
                    value = arrays[f"{part}_{index:04d}"]
                    if value.shape != tuple(variable.shape):
                        raise TrainingError(f"{path} belongs to another model; use its own recipe")
                    variable.assign(value)
    except FileNotFoundError:
        raise TrainingError(
            f"{path} is not there: nothing to resume; start without --resume"
        ) from None
    except DAMAGE as error:
        raise TrainingError(f"{path} is damaged or of another model; start a new run") from error
    return state


def _variables(model: keras.Model) -> dict[str, list]:
    return {"model": model.variables, "optimizer": model.optimizer.variables}
