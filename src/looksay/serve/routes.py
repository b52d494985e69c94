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
from looksay.errors import ImageError, WorkerError, nearest
from looksay.serve import metrics, problems
from looksay.serve.answers import GONE, json_answer
from looksay.serve.bodies import Held, read_pictures
from looksay.serve.description import CAPTIONS, HEALTH, METRICS, MODELS, READY
from looksay.serve.forms import Sent
from looksay.serve.jobs import BrokenError, Job, Offer, Queue, QueueFullError, StoppedError
from looksay.serve.metrics import Metrics
from looksay.serve.problems import Problem
from looksay.serve.query import MAX_BEAM, MAX_CAPTIONS, MAX_WORDS, CaptionQuery
from looksay.serve.settings import Settings


@dataclass(frozen=True)
class Service:
    """What the routes work with."""

    queue: Queue
    settings: Settings
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
                "models": [
                    {**offer.description, "default": number == 0}
                    for number, offer in enumerate(service.queue.offers)
                ],
                "limits": _limits(service.settings),
                "search": service.searches,
            }
        )

    @router.get("/healthz", **HEALTH)
    async def healthz() -> Response:
        _check_whole(service)
        return json_answer({"status": "ok"})

    @router.get("/readyz", **READY)
    async def readyz() -> Response:
        # also while a worker is being replaced: requests wait for it, and are answered
        _check_whole(service)
        if service.queue.stopping:
            raise Problem(503, "The server is stopping and takes no more requests.")
        return json_answer({"status": "ready"})

    @router.get("/metrics", **METRICS, **keyed)
    async def prometheus() -> Response:
        return Response(service.metrics.text(), headers={"Content-Type": metrics.CONTENT_TYPE})

    return router


async def _captions(request: Request, query: CaptionQuery, service: Service) -> Response:
    model = _choose(service.queue.offers, query.model)
    options = query.decoding(model.options, has_consensus=model.description["consensus"])
    with service.held.request() as held:
        _take(service, service.queue.check_room)  # before anything is read
        sent = await read_pictures(request, service.settings, held)
        _check_places(len(sent), service.settings.queue_pictures)
        jobs = [
            Job(model.name, picture.data, options, number, query.attention)
            for number, picture in enumerate(sent)
        ]
        _take(service, lambda: service.queue.submit(jobs))
        try:
            await _wait(request, jobs, service.settings.timeout_seconds)
        finally:
            for job in jobs:
                job.future.cancel()
                service.metrics.pictures.labels(model.name, _outcome(job)).inc()
    return json_answer({"captions": _records(sent, jobs)})


def _choose(offers: Sequence[Offer], name: str | None) -> Offer:
    """The model of that name, or the default; Problem 422 where there is none."""
    if name is None:
        return offers[0]
    by_name = {offer.name: offer for offer in offers}
    if name not in by_name:
        raise Problem(
            422,
            f"There is no model {name[:100]!r}{nearest(name, by_name)}; "
            f"there are {', '.join(by_name)}.",
        )
    return by_name[name]


def _check_whole(service: Service) -> None:
    """Problem 503 where nothing can be captioned."""
    if fault := service.queue.fault:
        raise problems.of_failure(BrokenError(fault))


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
    except BrokenError as error:
        raise problems.of_failure(error) from None
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


def _records(sent: Sequence[Sent], jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """The record of each picture; of a single picture its error is the whole answer."""
    records = []
    for picture, job in zip(sent, jobs, strict=True):
        error = job.future.exception()
        if error is None:
            records.append({**job.future.result(), "image": picture.name})
            continue
        problem = _problem(error, picture.name)
        if len(jobs) == 1:
            raise problem
        failed = CaptionError(image=picture.name, error=ImageError(problem.detail), model=job.model)
        records.append(failed.to_json())
    return records


def _problem(error: BaseException, name: str) -> Problem:
    if isinstance(error, ImageError):
        return problems.of_image(error, name)
    assert isinstance(error, Exception)
    if not isinstance(error, (BrokenError, WorkerError)):  # those have been logged
        problems.log.error("captioning went wrong", exc_info=error)
    return problems.of_failure(error)
