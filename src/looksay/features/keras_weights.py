"""A network's weights from a file of Keras's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from looksay.errors import FeatureError


def load_keras_weights(network: Any, path: str | Path, name: str) -> None:
    """Load an .h5 or .keras file; FeatureError where it is damaged or of another network than that
    of the backbone `name`."""
    try:
        network.load_weights(path)
    except OSError as error:
        raise FeatureError(f"{path} is damaged or no weights file of Keras") from error
    except Exception as error:  # which kind depends on how the networks differ
        raise FeatureError(
            f"{path} holds the weights of another network than {name} without its classifier"
        ) from error
