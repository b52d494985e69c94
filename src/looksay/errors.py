"""Every error a user can meet. Each message is a sentence that says what is wrong and what to do.

The command line prints the message alone and exits with status 1 (2 for a wrong option); `--debug`
shows the traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LooksayError(Exception):
    """Something the user can put right; the message says how."""


class UsageError(LooksayError):
    """An option or an argument makes no sense."""


class ImageError(LooksayError):
    """A picture cannot be read, or must not be (damaged, too large, no picture at all)."""


class ImageTooLargeError(ImageError):
    """A picture has more bytes or pixels than are allowed."""


class ImageKindError(ImageError):
    """Something is no picture, or one of a kind that cannot be read."""


class DataError(LooksayError):
    """Captions, a split or a data set's folder cannot be used."""


class VocabularyError(LooksayError):
    """A vocabulary is damaged, or does not fit the model."""


class FeatureError(LooksayError):
    """Cached features are missing, damaged or belong to something else."""


class BundleError(LooksayError):
    """A bundle is damaged, foreign, or newer than this looksay."""


class RecipeError(LooksayError):
    """A recipe has an unknown key, a wrong value or an impossible combination."""


class TrainingError(LooksayError):
    """A run cannot be started, resumed or finished."""


class MetricError(LooksayError):
    """A metric cannot be computed: what its own program needs is missing, or the program failed."""


class LibraryError(LooksayError):
    """A photo library's database or its photographs' folder cannot be used."""


class UnknownPhotographError(LibraryError):
    """A photo library has no photograph of that number."""


class PageError(LooksayError):
    """A page cannot be read or written."""


class EmbedError(LooksayError):
    """A description cannot be written into a photograph, or not be taken out again."""


class ScaleError(LooksayError):
    """A cluster, an object store, a list of pictures or a folder of results cannot be used."""


class WorkerError(LooksayError):
    """The process in which a server captions died: at its start, or of a picture."""


class MissingExtraError(LooksayError):
    """An optional part of looksay is not installed; the message gives the command that does it."""


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the known name nearest to a wrong one; empty where none is."""
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
