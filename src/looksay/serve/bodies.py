"""The pictures of a request, read into memory and nowhere else, within limits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from typing import Any, NamedTuple

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from looksay.serve.problems import Problem
from looksay.serve.settings import Settings

FIELD = "image"
UNNAMED = "-"  # as the command line calls a picture from standard input

_RAW = ("application/octet-stream", "binary/octet-stream")
_ADVICE = (
    f"send one picture as the body with a Content-Type such as image/jpeg, or several as "
    f"multipart/form-data in parts named {FIELD!r} (curl -F {FIELD}=@photo.jpg)"
)


class Sent(NamedTuple):
    """A picture as a client sent it, and the client's name for it."""

    name: str
    data: bytes


class Held:
    """The bytes of all requests that are being received or worked on."""

    def __init__(self, most: int):
        self.most, self.bytes = most, 0

    @contextlib.contextmanager
    def request(self) -> Iterator[HeldByOne]:
        """Those of one request; given back at the end."""
        one = HeldByOne(self)
        try:
            yield one
        finally:
            self.bytes -= one.bytes


class HeldByOne:
    def __init__(self, all: Held):
        self._all, self.bytes = all, 0

    def add(self, count: int) -> None:
        """Problem 429 where the server holds too much already."""
        if self._all.bytes + count > self._all.most:
            raise Problem(
                429,
                "The server is holding as many bytes of pictures as it may; try again in a moment.",
                headers={"Retry-After": "1"},
            )
        self._all.bytes += count
        self.bytes += count


class InMemoryParser(MultiPartParser):
    """Starlette's parser, which puts larger files on the disk; this one never does."""

    spool_max_size = 0  # no limit: the body has one


async def read_pictures(request: Request, settings: Settings, held: HeldByOne) -> list[Sent]:
    """The pictures of a request, at least one, in order.

    Raises Problem: 400 for none or a broken form, 408 for a body that takes too long, 413 for one
    that is too large, 415 for what is neither a picture nor a form, 429 for too much in all.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    is_form = kind == "multipart/form-data"
    if not is_form and kind and not kind.startswith("image/") and kind not in _RAW:
        raise Problem(415, f"The Content-Type {kind[:100]!r} is not for pictures; {_ADVICE}.")
    stream = _limited(request, settings, held)
    try:
        async with asyncio.timeout(settings.body_seconds):
            if is_form:
                return await _form(request, stream, settings)
            data = b"".join([chunk async for chunk in stream])
    except TimeoutError:
        raise Problem(
            408, f"The pictures did not arrive within {settings.body_seconds:g} seconds."
        ) from None
    if not data:
        raise Problem(400, f"The request is empty; {_ADVICE}.")
    return [Sent(UNNAMED, data)]


async def _limited(
    request: Request, settings: Settings, held: HeldByOne
) -> AsyncGenerator[bytes, None]:
    """The body in pieces; never more than allowed, whatever its Content-Length says."""
    most, total = settings.max_body_bytes, 0
    _check_length(request.headers.get("content-length"), most)
    async for chunk in request.stream():
        total += len(chunk)
        if total > most:
            raise _too_large(most)
        held.add(len(chunk))
        yield chunk


def _check_length(length: str | None, most: int) -> None:
    if length is not None and length.isdecimal() and int(length) > most:
        raise _too_large(most)


def _too_large(most: int) -> Problem:
    return Problem(
        413,
        f"The request is larger than {most / 2**20:,.4g} MiB, the most that this server takes; "
        "send fewer or smaller pictures.",
    )


async def _form(
    request: Request, stream: AsyncGenerator[bytes, None], settings: Settings
) -> list[Sent]:
    parser = InMemoryParser(
        request.headers, stream, max_files=settings.max_images, max_fields=settings.max_images
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise _form_problem(error, settings) from error
    try:
        sent = [_part(name, value) for name, value in form.multi_items()]
    finally:
        await form.close()
    if not sent:
        raise Problem(400, f"The form holds no picture; {_ADVICE}.")
    return sent


def _form_problem(error: MultiPartException, settings: Settings) -> Problem:
    if "Too many" in error.message:
        return Problem(
            413,
            f"There are more than {settings.max_images} parts in the request, the most that this "
            "server takes at once; send the pictures in several requests.",
        )
    return Problem(400, f"The form is broken ({error.message.rstrip('.')}); {_ADVICE}.")


def _part(name: str, value: Any) -> Sent:
    if name != FIELD:
        raise Problem(
            422,
            f"The form has a part {name[:100]!r}; pictures are in parts named {FIELD!r}, and "
            "options belong into the query of the URL (/v1/captions?beam=3).",
        )
    if not isinstance(value, UploadFile):
        raise Problem(
            422, f"A part {FIELD!r} is text, not a file; with curl write -F {FIELD}=@photo.jpg."
        )
    return Sent(value.filename or UNNAMED, value.file.read())
