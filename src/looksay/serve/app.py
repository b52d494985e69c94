"""The application: routes, page, guards and counters around a queue."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import looksay
from looksay.captioner import Captioner
from looksay.library import Library
from looksay.serve import problems
from looksay.serve.bodies import Held
from looksay.serve.guards import Guards
from looksay.serve.jobs import Queue
from looksay.serve.metrics import Metrics
from looksay.serve.routes import Service, make_routes
from looksay.serve.search import make_search_routes
from looksay.serve.settings import Settings

STATIC = Path(__file__).resolve().parent / "static"
LIGHT = STATIC.parents[1] / "pictures" / "light.js"
PHOTOGRAPHS = STATIC.parents[1] / "demo"  # the page's examples

# FastAPI reports to OpenTelemetry where the environment says so; a service that keeps nothing of
# what clients send must not (FastAPI before 0.160 or so ignores this).
NO_TELEMETRY = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(
    captioners: Sequence[Captioner],
    settings: Settings | None = None,
    library: Library | None = None,
) -> FastAPI:
    """An ASGI application that captions with these models in its own process; the first is the
    default. With a photo library it searches in that too.

    Its threads run until its lifespan ends. UsageError for two models of one name, BundleError for
    one that cannot be run.
    """
    from looksay.serve.batching import open_batcher

    settings = settings or Settings()
    batcher = open_batcher(
        captioners, capacity=settings.queue_pictures, batch_size=settings.batch_size
    )
    return make_app(batcher, settings, library)


def make_app(queue: Queue, settings: Settings, library: Library | None = None) -> FastAPI:
    """An ASGI application that has its captions from a queue, which stops as its lifespan ends;
    `looksay serve` gives it a Supervisor's, whose worker may die."""
    metrics, held = Metrics(), Held(settings.max_held_bytes)
    queue.observe = metrics.observe_stage
    metrics.watch(
        "looksay_queue_pictures", "Pictures accepted and not done.", lambda: queue.accepted
    )
    metrics.watch("looksay_held_bytes", "Bytes of requests that are in memory.", lambda: held.bytes)
    metrics.watch_count(
        "looksay_worker_restarts", "Workers that died and were replaced.", lambda: queue.restarts
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await anyio.to_thread.run_sync(queue.stop)

    app = FastAPI(
        title="looksay",
        version=looksay.__version__,
        summary="Says what a picture shows, and shows where it looked for every word.",
        docs_url=None,  # its page would fetch scripts from another host
        redoc_url=None,
        lifespan=lifespan,
        telemetry=NO_TELEMETRY,
    )
    problems.install(app)
    keyed = _keyed(settings)
    service = Service(queue, settings, metrics, held, searches=library is not None)
    app.include_router(make_routes(service, **keyed))
    if library is not None:
        app.include_router(make_search_routes(library, **keyed))
    _add_page(app)
    app.add_middleware(Guards, settings=settings)
    if settings.origins:  # around the guards, so that an allowed page can read why it is refused
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key"],
            expose_headers=["Retry-After"],
        )
    app.add_middleware(Counted, metrics=metrics)
    return app


def _keyed(settings: Settings) -> dict[str, Any]:
    """Routes' options that tell readers of the description of keys; the guards check them."""
    bearer = HTTPBearer(auto_error=False, description="One of the server's API keys.")
    return {"dependencies": [Depends(bearer)]} if settings.api_keys else {}


def _add_page(app: FastAPI) -> None:
    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> Response:
        return FileResponse(STATIC / "index.html")

    @app.api_route("/static/light.js", methods=["GET", "HEAD"], include_in_schema=False)
    async def light() -> Response:  # what pages that stand alone have inside
        return FileResponse(LIGHT, media_type="text/javascript")

    app.mount("/static/demo", StaticFiles(directory=PHOTOGRAPHS), name="demo")
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")


class Counted:
    """Counts requests by route, method and status, and how long they take."""

    def __init__(self, app: ASGIApp, metrics: Metrics):
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in ("GET", "POST") else "other"
            self._metrics.requests.labels(method, route, status or 500).inc()
            self._metrics.request_seconds.labels(route).observe(time.perf_counter() - began)
