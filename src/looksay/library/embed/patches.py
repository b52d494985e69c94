"""The way back from a changed file to the old one, in as few bytes as it takes.

The old file is compressed with the new one as the dictionary (zstd's own way of making patches),
so that only what was taken away costs anything.
"""

from __future__ import annotations

from typing import Any

from looksay.errors import EmbedError, MissingExtraError
from looksay.library.embed.exiftool import HOW_TO_INSTALL

_LARGEST_WINDOW = 31  # its binary logarithm


def make_patch(old: bytes, new: bytes) -> bytes:
    """What turns `new` back into `old`."""
    zstandard = _library()
    window = min(_LARGEST_WINDOW, max(10, (len(old) + len(new)).bit_length()))
    parameters = zstandard.ZstdCompressionParameters.from_level(
        3, window_log=window, enable_ldm=True
    )
    compressor = zstandard.ZstdCompressor(dict_data=_raw(new), compression_params=parameters)
    return compressor.compress(old)


def apply_patch(patch: bytes, new: bytes, most_bytes: int) -> bytes:
    """The old bytes. EmbedError where the patch is damaged or belongs to another file."""
    zstandard = _library()
    decompressor = zstandard.ZstdDecompressor(
        dict_data=_raw(new), max_window_size=2**_LARGEST_WINDOW
    )
    try:
        if zstandard.frame_content_size(patch) > most_bytes:
            raise EmbedError("The journal's way back is damaged (a size that cannot be).")
        return decompressor.decompress(patch)
    except zstandard.ZstdError as error:
        raise EmbedError("The journal's way back is damaged, or is another file's.") from error


def _library() -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise MissingExtraError(HOW_TO_INSTALL) from error
    return zstandard


def _raw(data: bytes) -> Any:
    zstandard = _library()
    return zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
