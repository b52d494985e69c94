"""Text files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from looksay.errors import DataError
from looksay.files import replace_file


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write the file in UTF-8, in the place of one that was there; make its folder if need be.

    A link goes on pointing where it did, and a pipe or device is written to as it stands. Raises
    DataError, naming the file, where it cannot be written; what was there is then untouched.
    """
    place = Path(os.path.realpath(path))
    try:
        content = text.encode()
        if place.exists() and not place.is_file():
            place.write_bytes(content)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        replace_file(place, content)
    except UnicodeEncodeError as error:
        sign = f"{text[error.start]!a}"
        raise DataError(f"{path} cannot be written: {sign} is no character of Unicode.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
