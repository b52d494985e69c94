"""The pictures of a request, read into memory and nowhere else, within limits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator

from starlette.requests import Request

from looksay.serve.forms import ADVICE, UNNAMED, Form, Sent
from looksay.serve.problems import Problem
from looksay.serve.settings import Settings

_RAW = ("application/octet-stream", "binary/octet-stream")


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


async def read_pictures(request: Request, settings: Settings, held: HeldByOne) -> list[Sent]:
    """The pictures of a request, at least one, in order.

    Raises Problem: 400 for none or a broken form, 408 for a body that takes too long, 413 for one
    that is too large, 415 for what is neither a picture nor a form, 429 for too much in all.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    is_form = kind == "multipart/form-data"
    if not is_form and kind and not kind.startswith("image/") and kind not in _RAW:
        raise Problem(415, f"The Content-Type {kind[:100]!r} is not for pictures; {ADVICE}.")
    stream = _limited(request, settings, held)
    try:
        async with asyncio.timeout(settings.body_seconds):
            if is_form:
                form = Form(request.headers["content-type"], settings.max_images)
                async for chunk in stream:
                    form.feed(chunk)
                return form.finish()
            data = b"".join([chunk async for chunk in stream])
    except TimeoutError:
        raise Problem(
            408, f"The pictures did not arrive within {settings.body_seconds:g} seconds."
        ) from None
    if not data:
        raise Problem(400, f"The request is empty; {ADVICE}.")
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
