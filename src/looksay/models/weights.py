"""A model's weights as Keras's file, written whole or not at all."""

from __future__ import annotations

import errno
import math
import os
import shutil
from pathlib import Path

import keras

from looksay.files import replacing

_VALUE_BYTES, _BYTES_BESIDE = 4, 4096  # of each value, and HDF5's own of each variable


def save_weights(model: keras.Model, path: Path) -> None:
    """Write `path`, a .weights.h5 file, and make its folder. OSError where that is impossible."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # looked at before, since HDF5 prints pages where a disk fills up under it
    if shutil.disk_usage(path.parent).free < _size(model):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    with replacing(path) as temporary:
        try:
            model.save_weights(temporary, overwrite=True)
        except (OSError, RuntimeError) as error:
            reason = str(error).partition("\n")[0]
            raise OSError(errno.EIO, reason, str(path)) from error


def _size(model: keras.Model) -> int:
    """About how many bytes the file has."""
    variables = [*model.variables]
    if getattr(model, "optimizer", None) is not None:
        variables += model.optimizer.variables
    return sum(math.prod(each.shape) * _VALUE_BYTES + _BYTES_BESIDE for each in variables)
