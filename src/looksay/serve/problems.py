"""Every answer that is an error, in one shape: problem details, RFC 9457."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from looksay.errors import ImageError, ImageKindError, ImageTooLargeError, LooksayError
from looksay.images.open import BYTES_NAME
from looksay.serve.jobs import BrokenError

MEDIA_TYPE = "application/problem+json"

_RAISE = re.compile(r",? or raise (both )?max_\w+.*$")

log = logging.getLogger("looksay.serve")

_EXPLAINED = {
    404: "There is nothing at {path}; the API is at /v1/captions, its description at "
    "/openapi.json and the page at /.",
    405: "{path} does not know the method {method}.",
}


class Problem(Exception):
    """Why a request is not answered as it wished: an HTTP status and a sentence."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ):
        super().__init__(detail)
        self.status, self.detail, self.members = status, detail, members
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def response(self) -> Response:
        """The answer that says so."""
        body = {"title": self.title, "status": self.status, "detail": self.detail, **self.members}
        return Response(
            json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def of_image(error: ImageError, name: str) -> Problem:
    """What is wrong with a client's picture, under the client's name for it."""
    detail = sentence(error, name)
    if isinstance(error, ImageTooLargeError):
        return Problem(413, detail)
    if isinstance(error, ImageKindError):
        return Problem(415, detail)
    return Problem(422, detail)


def sentence(error: ImageError, name: str) -> str:
    """An image's error as the client should read it: limits are not the client's to raise."""
    said = str(error).replace(BYTES_NAME, "The picture" if name == "-" else name)
    return _RAISE.sub(".", said)


def install(app: FastAPI) -> None:
    """Let the application answer so; what nobody expected is left to the guards."""
    app.add_exception_handler(Problem, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    explained = _EXPLAINED.get(error.status_code, str(error.detail))
    detail = explained.format(path=request.url.path, method=request.method)
    return Problem(error.status_code, detail, headers=error.headers).response()


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(fault) for fault in error.errors()]
    return Problem(422, " ".join(fault["detail"] for fault in faults), errors=faults).response()


def _fault(fault: Mapping[str, Any]) -> dict[str, str]:
    name = str(fault["loc"][-1])[:100]
    if fault["type"] == "extra_forbidden":
        return {"parameter": name, "detail": f"There is no option {name!r}."}
    said = str(fault["msg"]).replace("Input should", "it should")
    return {"parameter": name, "detail": f"{name} is {str(fault['input'])[:100]!r}; {said}."}


def of_failure(error: Exception) -> Problem:
    """What is no fault of the client's."""
    if isinstance(error, LooksayError):
        return Problem(500, str(error))
    if isinstance(error, BrokenError):
        return Problem(503, str(error), headers={"Retry-After": "30"})
    if isinstance(error, MemoryError):
        return Problem(503, "The server has not enough memory for this picture; try a smaller one.")
    return Problem(500, "Something unexpected went wrong in the server; its log says what.")
