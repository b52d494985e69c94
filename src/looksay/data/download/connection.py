"""One request for a file; its failures are sorted into passing ones and final ones."""

from __future__ import annotations

import email.utils
import http.client
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Protocol

import looksay
from looksay.errors import DataError

# 408 and 429 ask to come again; 5xx is the server's own trouble.
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 522, 524})
RANGE_NOT_SATISFIABLE = 416


class Broken(Exception):
    """A transfer that stopped, and may well not the next time; the message says how.

    wait_seconds: what the server asked to wait, if it did. start_over: the bytes that are there
    are of another version of the file.
    """

    def __init__(
        self, reason: str, *, wait_seconds: float | None = None, start_over: bool = False
    ) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds
        self.start_over = start_over


class Answer(Protocol):
    """What is used of the response of `urllib.request.urlopen`."""

    status: int
    headers: Message

    def read1(self, amount: int = -1, /) -> bytes: ...
    def __enter__(self) -> Answer: ...
    def __exit__(self, *reason: object) -> None: ...


def open_url(url: str, headers: Mapping[str, str], *, timeout_seconds: float) -> Answer:
    """The server's answer. Raises Broken, or DataError for what no further attempt would mend."""
    agent = {"User-Agent": f"looksay/{looksay.__version__}", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers={**agent, **headers})
    try:
        answer: Answer = urllib.request.urlopen(request, timeout=timeout_seconds)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(url, error) from error
    except http.client.InvalidURL as error:
        raise DataError(f"{url} is no web address ({error}).") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise DataError(
                f"{url}: the server's certificate is not to be trusted ({reason.verify_message}); "
                "use another mirror with --base-url."
            ) from error
        raise Broken(describe(error)) from error
    return answer


def read_some(answer: Answer, num_bytes: int) -> bytes:
    """The next bytes, at most so many; b"" at the end. Broken where the connection breaks."""
    try:
        return answer.read1(num_bytes)
    except (OSError, http.client.HTTPException) as error:
        raise Broken(describe(error)) from error


def describe(error: BaseException) -> str:
    """What went wrong with the network, in a few words."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        error = reason
    if isinstance(error, TimeoutError):
        return "nothing came for too long"
    if isinstance(error, http.client.IncompleteRead):
        return "the connection broke"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")


def _refusal(url: str, error: urllib.error.HTTPError) -> Exception:
    said = f"the server answers {error.code} {error.reason}"
    if error.code == RANGE_NOT_SATISFIABLE:
        return Broken(f"{said}: the file there is shorter now", start_over=True)
    if error.code in TRY_AGAIN:
        return Broken(said, wait_seconds=retry_after(error.headers))
    return DataError(f"{url}: {said}; the file may have moved: use a mirror with --base-url.")


def retry_after(headers: Message) -> float | None:
    """Seconds that a server asks to wait: the header gives a number or a date."""
    text = (headers.get("Retry-After") or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError):
        return None


def content_range(headers: Message) -> tuple[int, int | None] | None:
    """First byte and whole length (None where not said) of a partial answer; None for nonsense."""
    form = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", (headers.get("Content-Range") or "").strip())
    if form is None:
        return None
    return int(form[1]), None if form[2] == "*" else int(form[2])


def content_length(headers: Message) -> int | None:
    """Bytes announced, or None."""
    text = (headers.get("Content-Length") or "").strip()
    return int(text) if text.isdecimal() else None
