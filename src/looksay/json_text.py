"""JSON that others have written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def parse_json(text: str | bytes, *, shorten: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """The value. `shorten` gets every object as it is read, and returns what is kept of it.

    Whatever is wrong with the text is a ValueError, json.JSONDecodeError where the place is known;
    of brackets without end Python's own parser makes a RecursionError.
    """
    try:
        return json.loads(text, object_hook=shorten)
    except RecursionError as error:
        raise ValueError(str(error)) from error
