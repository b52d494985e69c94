"""Runs the application with uvicorn on a socket of our own."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from looksay.errors import UsageError

SILENT_SECONDS = 30  # a connection on which nothing is asked is closed

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def open_socket(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. UsageError where it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise UsageError(
            f"The host {host!r} is no address of this machine ({error.strerror}); "
            "try 127.0.0.1, or 0.0.0.0 for all its addresses."
        ) from error
    listening = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere it would let two servers share a port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise UsageError(_why_not(error, host, port)) from error
    return listening


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use, perhaps by another `looksay serve`; "
            "choose another with --port, or --port 0 for any that is free."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} may not be used by this user; choose one from 1024 on with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; try 127.0.0.1."
    return f"The server cannot listen on {host}, port {port}: {error.strerror or error}."


def url_of(listening: socket.socket) -> str:
    """Where a browser finds it; of all addresses, the local one."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "::1" if address.version == 6 else "127.0.0.1"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"


def run_server(app: Any, listening: socket.socket, *, on_start: Callable[[], None]) -> None:
    """Answer until SIGINT or SIGTERM, then finish what has been accepted; a second SIGINT stops at
    once."""
    for warning in ("python_multipart", "uvicorn.error"):  # of each broken form and request
        logging.getLogger(warning).setLevel(logging.ERROR)
    server = make_server(app)
    server.on_start = on_start
    with _signals_end_well():
        server.run(sockets=[listening])


def make_server(app: Any) -> Server:
    """uvicorn with our settings."""
    return Server(
        uvicorn.Config(
            app,
            log_config=None,  # what clients ask for is written nowhere
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            timeout_keep_alive=SILENT_SECONDS,
            http="h11",  # httptools, taken where it is installed, has no limit on headers
            ws="none",
        )
    )


class Server(uvicorn.Server):
    """uvicorn's, which says when it listens, and leaves connections on which nothing is asked."""

    on_start: Callable[[], None] = staticmethod(lambda: None)
    silent_seconds: float = SILENT_SECONDS

    def __init__(self, config: uvicorn.Config):
        super().__init__(config)
        self._silent: dict[Any, tuple[Any, float]] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self.on_start()

    async def on_tick(self, counter: int) -> bool:
        self._close_silent()
        return await super().on_tick(counter)

    def _close_silent(self) -> None:
        """uvicorn waits without end for the first line and the headers of a request."""
        now, before = time.monotonic(), self._silent
        self._silent = {}
        for connection in list(self.server_state.connections):
            request = getattr(connection, "cycle", None)
            if request is not None and not request.response_complete:
                continue
            last, since = before.get(connection, (request, now))
            if last is not request:
                since = now
            elif now - since > self.silent_seconds:
                connection.transport.close()
            self._silent[connection] = request, since


@contextlib.contextmanager
def _signals_end_well() -> Iterator[None]:
    """uvicorn raises the signal again that has stopped it, which would end the process as killed;
    here it was the wish to stop."""
    before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
