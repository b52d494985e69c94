"""Shards of photographs read once and in order, over a network that may break off."""

from __future__ import annotations

import logging
import tarfile
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import NamedTuple, TypeVar

from looksay.errors import DataError, LooksayError, ScaleError
from looksay.images import Span
from looksay.images.tar_streams import stream_tar
from looksay.images.tars import damaged_archive
from looksay.places import is_final, is_url, look_up, open_stream, read_span, reason

logger = logging.getLogger(__name__)
PAUSES_SECONDS = (1.0, 4.0, 16.0)  # before each further try; counted anew after each member
_TAR_BLOCK = 512  # bytes that members are filled up to
T = TypeVar("T")


class Member(NamedTuple):
    """A plain file in a shard: its name, its place, and as many of its bytes as were wanted."""

    name: str
    place: Span
    content: bytes


def read_members(
    shard: str, wanted: Callable[[str, Span], int], *, identity: str = ""
) -> Generator[Member, None, None]:
    """The plain files of a shard, a path or an address, in its order.

    wanted: how many bytes at most of a member are to be read. identity: what the shard has to be
    known by (`look_up`); "": whatever it is.

    Where reading breaks off, it goes on behind the last member, a few times with a pause. Raises
    DataError for a shard that is damaged or has changed, ScaleError for one that cannot be had.
    """
    start, tries = 0, 0
    while True:
        try:
            _check_identity(shard, identity)
            with open_stream(shard, start) as file, closing(stream_tar(file, start)) as members:
                for name, place, read in members:
                    yield Member(name, place, read(wanted(name, place)))
                    start = place.start + -(-place.size // _TAR_BLOCK) * _TAR_BLOCK
                    tries = 0
            return
        except Exception as error:  # each store has errors of its own
            tries = _wait(shard, error, tries)


def read_place(shard: str, place: Span, *, identity: str = "") -> bytes:
    """The bytes at a place in a shard, a path or an address; tried, and raising, as `read_members`
    does."""

    def read() -> bytes:
        _check_identity(shard, identity)
        return read_span(shard, place.start, place.size)

    return ask(shard, read)


def identify(shard: str) -> str:
    """What a shard, a path or an address, is known by; tried, and raising, as `read_members`
    does."""
    return ask(shard, lambda: look_up(shard).identity)


def ask(place: str, question: Callable[[], T]) -> T:
    """What a question about a place brings; tried, and raising, as `read_members` does."""
    tries = 0
    while True:
        try:
            return question()
        except Exception as error:  # each store has errors of its own
            tries = _wait(place, error, tries)


def _wait(shard: str, error: Exception, tries: int) -> int:
    """Pauses for one more try and counts it, or raises a sentence where there is none."""
    if _is_final(shard, error) or tries == len(PAUSES_SECONDS):
        raise _sentence(shard, error, tries) from error
    pause = PAUSES_SECONDS[tries]
    logger.warning(
        "%s cannot be read (%s); trying again in %g seconds", shard, reason(error), pause
    )
    time.sleep(pause)
    return tries + 1


def _check_identity(shard: str, identity: str) -> None:
    if identity and look_up(shard).identity != identity:
        raise DataError(
            f"{shard} has changed since its captions were read; run the same command again, which "
            "reads them anew"
        )


def _is_final(shard: str, error: Exception) -> bool:
    """Whether there is no use in another try; a damaged file on a disk stays so."""
    return is_final(error) or (isinstance(error, tarfile.TarError) and not is_url(shard))


def _sentence(shard: str, error: Exception, tries: int) -> Exception:
    if isinstance(error, LooksayError):
        return error
    if isinstance(error, tarfile.TarError):
        return damaged_archive(shard, error)
    tried = f" (tried {tries + 1} times)" if tries else ""
    return ScaleError(f"{shard} cannot be read{tried}: {reason(error)}.")
