"""Files by fsspec, on this machine or in an object store, and its errors as sentences.

Those of this machine need no fsspec, unless `open_place` is asked for them.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from looksay.errors import LooksayError, MissingExtraError, ScaleError

# what says that a store's object has changed, the surest first
_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "crc32c", "generation", "checksum", "sha256")
_TIMES = (
    "LastModified",
    "Last-Modified",
    "last_modified",
    "updated",
    "mtime",
    "modified",
    "created",
)
STREAM_BYTES = 4 * 2**20  # what is fetched of a store at once where a file is read to its end
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "NoAuthTokenError")
_NO_SUCH_ADDRESS = ("ParamValidationError",)  # as that of a bucket whose name has a blank
_NO_CONNECTION = (
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ClientConnectorError",
    "ClientConnectorDNSError",
    "ConnectionRefusedError",
    "ConnectionClosedError",
)
_FINAL = (
    *(LooksayError, FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError),
    ValueError,  # of patterns and addresses, and of servers that know no ranges
)


def is_url(name: str) -> bool:
    """Whether a name is `scheme://...`, and no path."""
    scheme, separator, _ = name.partition("://")
    return bool(separator) and scheme.replace("+", "").replace("-", "").isalnum()


def open_place(name: str) -> tuple[Any, str]:
    """The file system of a path or URL, and the path in it.

    Raises MissingExtraError where the package for such addresses is not installed, ScaleError
    where there is none.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError(
            f"{name}: reading from an address needs fsspec: pip install 'looksay[stream]'"
        ) from error
    if not is_url(name):
        return url_to_fs(f"file://{os.path.abspath(name)}")
    try:
        # a store's listings would be kept in memory, a kilobyte an object
        return url_to_fs(name, use_listings_cache=False)
    except ImportError as error:
        raise MissingExtraError(
            f"{name}: addresses of this kind need another package. {error}."
        ) from error
    except ValueError as error:
        raise ScaleError(f"{name} is no address that can be read: {error}.") from error


def identity(info: dict[str, Any]) -> str:
    """A text that changes when an object's content does, from what its store says of it."""
    for tag in _TAGS:
        if info.get(tag):
            return f"{info['size']}:{str(info[tag]).strip(chr(34))}"
    times = [str(info[time]) for time in _TIMES if info.get(time)]
    return f"{info['size']}:{times[0] if times else ''}"


class Place(NamedTuple):
    """A file: its absolute path or URL, what its content is known by, and its size in bytes."""

    name: str
    identity: str
    size: int


def look_up(name: str) -> Place:
    """What can be told of a file without reading it. OSError, or an error of its store's."""
    if not is_url(name):
        status = os.stat(name)
        return Place(
            os.path.abspath(name), f"{status.st_size}:{status.st_mtime_ns}", status.st_size
        )
    fs, path = open_place(name)
    info = fs.info(path)
    return Place(name, identity(info), int(info["size"] or 0))


def walk(
    fs: Any, folder: str, depth: int | None = None
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """A store's folder and those below it, each with what is told of its folders and its files by
    their names; folders that are taken out of the first are not gone into.

    OSError, or an error of the store's, where one cannot be listed: `fs.walk` leaves it out.
    """
    for parent, folders, files in fs.walk(folder, 1, detail=True, on_error=_unless_missing):
        yield parent, folders, files
        if depth != 1:
            for below in folders.values():
                yield from walk(fs, below["name"].rstrip("/"), depth and depth - 1)


def find_matches(fs: Any, pattern: str) -> dict[str, dict[str, Any]]:
    """The paths that a pattern with "*", "?" or "[" means in a store, in order, and what is told of
    each; raising as `walk` does, where `fs.glob` finds less."""
    from fsspec.utils import glob_translate

    matches = re.compile(glob_translate(pattern)).match
    fixed = re.split(r"[*?[]", pattern, maxsplit=1)[0]
    root = fixed[: fixed.rfind("/") + 1]
    depth = None if "**" in pattern else pattern.count("/", len(root)) + 1
    found = {}
    for _, folders, files in walk(fs, root, depth):
        below = (*folders.values(), *files.values())
        found.update({info["name"]: info for info in below if matches(info["name"])})
    return dict(sorted(found.items()))


def _unless_missing(error: Exception) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def open_stream(name: str, start: int = 0) -> Any:
    """A binary stream of a file from the byte `start` on, to be read once and in order. OSError, or
    an error of its store's."""
    if is_url(name):
        fs, path = open_place(name)
        file = fs.open(path, "rb", block_size=STREAM_BYTES)
    else:
        file = open(name, "rb")
    try:
        _skip(file, start)
    except BaseException:
        file.close()
        raise
    return file


def _skip(file: Any, count: int) -> None:
    try:
        file.seek(count)
    except (ValueError, OSError, NotImplementedError):  # a web server that knows no ranges
        while count > 0:
            passed = len(file.read(min(count, STREAM_BYTES)))
            if not passed:
                raise EOFError("it is shorter than it was") from None
            count -= passed


def read_span(name: str, start: int, size: int) -> bytes:
    """So many bytes of a file from `start` on. OSError, or an error of its store's."""
    with open_stream(name, start) as file:
        pieces = []
        while size > 0:
            piece = file.read(size)
            if not piece:
                raise EOFError("it is shorter than it was")
            pieces.append(piece)
            size -= len(piece)
    return b"".join(pieces)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turns whatever a file system raises into a ScaleError about `name`."""
    try:
        yield
    except LooksayError:
        raise
    except Exception as error:  # each store has errors of its own
        raise ScaleError(f"{name}: {reason(error)}.") from error


def is_hopeless(error: BaseException) -> bool:
    """Whether no other object of the same store can be had either."""
    return bool({*_NO_CREDENTIALS, *_NO_CONNECTION} & _kinds(error))


def is_final(error: BaseException) -> bool:
    """Whether there is no use in asking once more for what an error has cost."""
    error = _meant(error)
    return isinstance(error, _FINAL) or bool({*_NO_CREDENTIALS, *_NO_SUCH_ADDRESS} & _kinds(error))


def reason(error: BaseException) -> str:
    """What is wrong and what to do, without a full stop."""
    error = _meant(error)
    kinds = _kinds(error)
    if kinds & set(_NO_CREDENTIALS):
        return (
            "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write "
            "~/.aws/credentials, on every machine"
        )
    if kinds & set(_NO_CONNECTION):
        return (
            "the object store cannot be reached; check the connection, and the address in "
            "AWS_ENDPOINT_URL if you have set one"
        )
    if isinstance(error, FileNotFoundError):
        no_bucket = "bucket does not exist" in str(error).lower()
        return f"{'there is no such bucket' if no_bucket else 'it does not exist'}; check its name"
    if isinstance(error, PermissionError):
        return f"access is denied ({_line(error)}); check the credentials and their rights"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full; make room and run the same command again"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return _line(error)


def _meant(error: BaseException) -> BaseException:
    """The error that is meant: to fsspec each look-up of https:// that fails is FileNotFoundError,
    also where access is denied, the server is busy, or the line breaks off."""
    cause = error.__cause__
    if isinstance(error, FileNotFoundError) and cause and _is_of_the_web(cause):
        error = cause
    status = getattr(error, "status", None)
    if not isinstance(status, int):
        return error
    if status in (404, 410):
        return FileNotFoundError()
    said = f"the server answers {status} {getattr(error, 'message', '')}"
    return PermissionError(said) if status in (401, 403) else OSError(said)


def _is_of_the_web(error: BaseException) -> bool:
    of_the_line = isinstance(error, (TimeoutError, ConnectionError))
    return of_the_line or type(error).__module__.startswith("aiohttp")


def _kinds(error: BaseException) -> set[str]:
    """The names of an error's classes and of those it came from."""
    names: set[str] = set()
    seen: set[int] = set()  # a chain may lead back into itself
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        names.update(kind.__name__ for kind in type(cause).__mro__)
        cause = cause.__cause__ or cause.__context__
    return names


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text[:300] or type(error).__name__
