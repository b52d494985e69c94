"""Who may ask: hosts, origins and keys; and the headers that every answer carries.

All of it is plain ASGI around the application, so that a refused request costs nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from looksay.serve.problems import Problem, log, of_failure
from looksay.serve.settings import Settings

POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",  # no <img> of another site shows photographs
}
_OPEN_PATHS = ("/healthz", "/readyz", "/openapi.json", "/", "/static/", "/favicon.ico")


class Guards:
    """Lets through what the settings allow; everything else gets a Problem, and so does what goes
    wrong behind it."""

    def __init__(self, app: ASGIApp, settings: Settings):
        self._app, self._settings = app, settings
        self._keys = [_digest(key.encode("utf-8", "surrogateescape")) for key in settings.api_keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                # the page's files are asked for again, so that an upgrade never mixes two of them
                static = scope["path"].startswith("/static/")
                headers.setdefault("Cache-Control", "no-cache" if static else "no-store")
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, receive, send_with_headers)
        except Problem as problem:
            await problem.response()(scope, receive, send_with_headers)
        except Exception as error:
            log.error("%s %s went wrong", scope["method"], scope["path"], exc_info=error)
            if not started:
                await of_failure(error).response()(scope, receive, send_with_headers)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        _check_host(headers.get("host", ""), self._settings.hosts)
        _check_origin(headers, scope["method"], self._settings.origins)
        if self._keys and scope["method"] != "OPTIONS" and _needs_key(scope["path"]):
            _check_key(headers, self._keys)


def _check_host(host: str, allowed: Sequence[str]) -> None:
    """A name that somebody else's DNS points here would let their page read our answers."""
    if not allowed:
        return
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if name.rstrip(".") not in allowed:
        raise Problem(
            421,
            f"This server does not answer to the name {host[:100]!r}. Ask for it as "
            f"{allowed[0]}, or start it with --allow-host {name[:100] or 'NAME'}.",
        )


def _check_origin(headers: Headers, method: str, allowed: Sequence[str]) -> None:
    """Another site's page may not put this server to work, unless it is allowed to."""
    origin = headers.get("origin")
    if origin is None or method in ("GET", "HEAD", "OPTIONS") or "*" in allowed:
        return
    if origin in allowed or origin.partition("://")[2] == headers.get("host"):
        return
    raise Problem(
        403,
        f"Pages of {origin[:100]} may not use this server; start it with --allow-origin "
        f"{origin[:100]} to let them.",
    )


def _needs_key(path: str) -> bool:
    return not any(
        path == open or (open.endswith("/") and open != "/" and path.startswith(open))
        for open in _OPEN_PATHS
    )


def _check_key(headers: Headers, digests: Sequence[bytes]) -> None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    given = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    digest = _digest(given.encode("latin-1"))  # the bytes as they came
    matches = [hmac.compare_digest(digest, known) for known in digests]
    if not any(matches):
        said = "is not the right one" if given else "is missing"
        raise Problem(
            401,
            f"The API key {said}; send it as the header 'Authorization: Bearer KEY'.",
            headers={"WWW-Authenticate": 'Bearer realm="looksay"'},
        )


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
