"""The API: captions of the pictures sent, the models there are, and how the service is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from looksay.captioner import CaptionError
from looksay.errors import ImageError
from looksay.serve import metrics, problems
from looksay.serve.answers import GONE, json_answer
from looksay.serve.batching import Batcher, Job, QueueFullError, StoppedError
from looksay.serve.bodies import Held, read_pictures
from looksay.serve.description import CAPTIONS, HEALTH, METRICS, MODELS, READY
from looksay.serve.forms import Sent
from looksay.serve.metrics import Metrics
from looksay.serve.models import Models
from looksay.serve.problems import Problem
from looksay.serve.query import MAX_BEAM, MAX_CAPTIONS, MAX_WORDS, CaptionQuery
from looksay.serve.settings import Settings


@dataclass(frozen=True)
class Service:
    """What the routes work with."""

    models: Models
    settings: Settings
    batcher: Batcher
    metrics: Metrics
    held: Held
    searches: bool = False  # whether there is a photo library


def make_routes(service: Service, **keyed: Any) -> APIRouter:
    """The routes of the API; `keyed` goes to those that want a key."""
    router = APIRouter()

    @router.post("/v1/captions", **CAPTIONS, **keyed)
    async def captions(request: Request, query: Annotated[CaptionQuery, Query()]) -> Response:
        try:
            return await _captions(request, query, service)
        except ClientDisconnect:
            return Response(status_code=GONE)

    @router.get("/v1/models", **MODELS, **keyed)
    async def models() -> Response:
        return json_answer(
            {
                "models": service.models.description,
                "limits": _limits(service.settings),
                "search": service.searches,
            }
        )

    @router.get("/healthz", **HEALTH)
    async def healthz() -> Response:
        if not service.batcher.alive:
            raise Problem(503, "A part of the server has broken down; start it again.")
        return json_answer({"status": "ok"})

    @router.get("/readyz", **READY)
    async def readyz() -> Response:
        if service.batcher.stopping or not service.batcher.alive:
            raise Problem(503, "The server takes no more requests: it is stopping, or broken.")
        return json_answer({"status": "ready"})

    @router.get("/metrics", **METRICS, **keyed)
    async def prometheus() -> Response:
        return Response(service.metrics.text(), headers={"Content-Type": metrics.CONTENT_TYPE})

    return router


async def _captions(request: Request, query: CaptionQuery, service: Service) -> Response:
    captioner = service.models.choose(query.model)
    options = query.decoding(captioner.options)
    with service.held.request() as held:
        _take(service, service.batcher.check_room)  # before anything is read
        sent = await read_pictures(request, service.settings, held)
        _check_places(len(sent), service.settings.queue_pictures)
        jobs = [
            Job(captioner, picture.data, options, number) for number, picture in enumerate(sent)
        ]
        _take(service, lambda: service.batcher.submit(jobs))
        try:
            await _wait(request, jobs, service.settings.timeout_seconds)
        finally:
            for job in jobs:
                job.future.cancel()
                service.metrics.pictures.labels(captioner.name, _outcome(job)).inc()
    return json_answer({"captions": _records(sent, jobs, query.attention)})


def _limits(settings: Settings) -> dict[str, int]:
    """What a client may send."""
    return {
        "max_body_bytes": settings.max_body_bytes,
        "max_pixels": settings.max_pixels,
        "max_images": settings.max_images,
        "max_beam": MAX_BEAM,
        "max_captions": MAX_CAPTIONS,
        "max_words": MAX_WORDS,
    }


def _outcome(job: Job) -> str:
    if job.future.cancelled():
        return "dropped"
    error = job.future.exception()
    if error is None:
        return "captioned"
    return "unreadable" if isinstance(error, ImageError) else "failed"


def _check_places(pictures: int, places: int) -> None:
    """So many would not find room even in an empty queue: waiting does not help."""
    if pictures > places:
        raise Problem(
            413,
            f"The request has {pictures} pictures, and this server takes {places} at once; send "
            "them in several requests.",
        )


def _take(service: Service, ask: Any) -> None:
    try:
        ask()
    except StoppedError:
        raise Problem(503, "The server is stopping and takes no more requests.") from None
    except QueueFullError as error:
        service.metrics.refused.inc()
        seconds = round(error.retry_seconds)
        raise Problem(
            429,
            f"The server has as many pictures waiting as it takes; try again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        ) from None


async def _wait(request: Request, jobs: Sequence[Job], seconds: float) -> None:
    """Until all are done; ClientDisconnect where the client went away, Problem 503 where it takes
    too long."""
    done = asyncio.gather(
        *(asyncio.wrap_future(job.future) for job in jobs), return_exceptions=True
    )
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((done, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if done.done():
            return
        if gone.done():
            raise ClientDisconnect
        raise Problem(
            503,
            f"The captions were not ready within {seconds:g} seconds; try again later.",
            headers={"Retry-After": "5"},
        )
    finally:
        gone.cancel()
        done.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await done


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _records(sent: Sequence[Sent], jobs: Sequence[Job], attention: bool) -> list[dict[str, Any]]:
    """The record of each picture; of a single picture its error is the whole answer."""
    records = []
    for picture, job in zip(sent, jobs, strict=True):
        error = job.future.exception()
        if error is None:
            records.append({**job.future.result().to_json(attention), "image": picture.name})
            continue
        problem = _problem(error, picture.name)
        if len(jobs) == 1:
            raise problem
        failed = CaptionError(
            image=picture.name, error=ImageError(problem.detail), model=job.captioner.name
        )
        records.append(failed.to_json())
    return records


def _problem(error: BaseException, name: str) -> Problem:
    if isinstance(error, ImageError):
        return problems.of_image(error, name)
    assert isinstance(error, Exception)
    problems.log.error("captioning went wrong", exc_info=error)
    return problems.of_failure(error)
