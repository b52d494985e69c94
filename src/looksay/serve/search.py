"""Searching in a photo library over HTTP, and small pictures of what was found."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import anyio.to_thread
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from looksay.errors import ImageError, LibraryError, UnknownPhotographError, UsageError
from looksay.library import Library, Photograph
from looksay.serve.answers import GONE, json_answer
from looksay.serve.description import SEARCH, THUMBNAIL
from looksay.serve.problems import Problem, log

MAX_RESULTS = 200
MIN_SIDE_PIXELS, MAX_SIDE_PIXELS = 16, 2048

# Work at once, each in a thread, and requests that wait for it; beyond them comes a 429.
THREADS = 4
MAX_WAITING = 256

T = TypeVar("T")


class SearchQuery(BaseModel):
    """What to find, and which part of it to answer with."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        "", description='Words; "words side by side"; -left -out; either OR other. Needed.'
    )
    limit: int = Field(20, ge=1, le=MAX_RESULTS, description="Photographs in the answer.")
    offset: int = Field(0, ge=0, lt=2**53, description="Photographs to leave out before them.")


class ThumbnailQuery(BaseModel):
    """How large."""

    model_config = ConfigDict(extra="forbid")

    side: int = Field(
        320,
        ge=MIN_SIDE_PIXELS,
        le=MAX_SIDE_PIXELS,
        description="The longest side in pixels; smaller photographs keep their size.",
    )


def make_search_routes(library: Library, **keyed: Any) -> APIRouter:
    """The routes of a photo library; `keyed` goes to each."""
    router = APIRouter()
    bench = Bench()

    @router.get("/v1/search", **SEARCH, **keyed)
    async def search(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
        def find() -> Response:
            results = library.search(query.q, query.limit, query.offset)
            found = [record(photograph) for photograph in results.photographs]
            return json_answer({**results.to_json(), "photographs": found})

        return await bench.work(request, find)

    @router.get("/v1/photographs/{id}/thumbnail", **THUMBNAIL, **keyed)
    async def thumbnail(
        request: Request,
        number: Annotated[int, Path(alias="id")],
        query: Annotated[ThumbnailQuery, Query()],
    ) -> Response:
        def draw() -> Response:
            # by content, not by number: another library may be served at the same address later
            headers = {**_KEPT, "ETag": f'"{library.digest(number)}-{query.side}"'}
            if headers["ETag"] in request.headers.get("If-None-Match", ""):
                return Response(status_code=304, headers=headers)
            jpeg = library.thumbnail(number, side=query.side)
            return Response(jpeg, media_type="image/jpeg", headers=headers)

        return await bench.work(request, draw)

    return router


# kept by the browser that asked only, and asked for again by its ETag, which costs no decoding
_KEPT = {"Cache-Control": "private, no-cache"}


def record(photograph: Photograph) -> dict[str, Any]:
    """What clients may know of a photograph: of its places only the file's name."""
    told = photograph.to_json()
    del told["copies"]
    name = os.fsencode(photograph.paths[0].name)
    return {**told, "image": name.decode("utf-8", "replace")}


class Bench:
    """A few places at which requests are worked on in threads."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(THREADS)
        self._waiting = 0

    async def work(self, request: Request, task: Callable[[], Response]) -> Response:
        """The task's answer; Problem where it goes wrong or too many wait already."""
        if self._waiting >= MAX_WAITING:
            raise Problem(
                429,
                "The server has as many searches waiting as it takes; try again in 1 s.",
                headers={"Retry-After": "1"},
            )
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            if await request.is_disconnected():  # typed on, or scrolled past
                return Response(status_code=GONE)
            return await anyio.to_thread.run_sync(_explained, task)
        finally:
            self._places.release()


def _explained(task: Callable[[], T]) -> T:
    """The errors of a library as Problems; they do not tell where on the server it lies."""
    try:
        return task()
    except UsageError as error:
        raise Problem(400, str(error)) from error
    except UnknownPhotographError as error:
        raise Problem(404, str(error)) from error
    except ImageError as error:
        raise Problem(
            410,
            "The photograph's file is gone, or cannot be read any more; on the server, "
            "`looksay index` looks again at what there is.",
        ) from error
    except LibraryError as error:
        log.error("the photo library cannot be used: %s", error)
        raise Problem(
            503, "The photo library cannot be used at the moment; the server's log says why."
        ) from error
