"""The headers of tar archives, of which none may be damaged."""

from __future__ import annotations

import tarfile
from typing import Self


class StrictHeader(tarfile.TarInfo):
    """For `tarfile.open(..., tarinfo=StrictHeader)`: a header that is damaged, cut off or missing
    raises tarfile.ReadError, where tarfile by itself ends as if all were well."""

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tar)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # the end, as it should be
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError("a header in it is damaged, cut off or missing") from error
