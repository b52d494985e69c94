"""Runs the application with uvicorn on a socket of our own."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

SILENT_SECONDS = 30  # a connection on which nothing is asked is closed

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
