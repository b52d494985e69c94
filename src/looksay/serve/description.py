"""What OpenAPI says of the request for captions and its answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from looksay.serve.forms import FIELD
from looksay.serve.problems import MEDIA_TYPE

_SCHEMA = Path(__file__).resolve().parents[1] / "cli" / "caption.schema.json"

_JSON = "application/json"

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details, RFC 9457.",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do."},
        "errors": {
            "type": "array",
            "description": "Of wrong options, each.",
            "items": {
                "type": "object",
                "properties": {"parameter": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

_ERRORS = {
    400: "No picture in the request, or a broken form.",
    401: "The API key is missing or wrong.",
    403: "A page of another origin may not use this server.",
    408: "The request took too long to arrive.",
    413: "Too many bytes, pixels or pictures.",
    415: "Not a picture, or one of a kind that cannot be read.",
    421: "The server does not answer to this host name.",
    422: "A damaged picture, or options that make no sense.",
    429: "Too much is waiting; Retry-After says when to come again.",
    500: "A fault of the server's.",
    503: "The server is stopping or broken, or the captions were not ready in time.",
}


def _answer(description: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _problems(descriptions: dict[int, str]) -> dict[int, dict[str, Any]]:
    """Answers by status that are problems."""
    return {
        status: _answer(description, MEDIA_TYPE, PROBLEM)
        for status, description in descriptions.items()
    }


def _object(**properties: Any) -> dict[str, Any]:
    """An object that has all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _record() -> dict[str, Any]:
    """The schema of a record, without what only a schema file of its own may say."""
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    schema.pop("$schema")
    attention = schema["properties"]["attention"]
    schema["properties"]["attentions"]["additionalProperties"] = attention
    return schema


_PICTURE = {"type": "string", "format": "binary"}

CAPTIONS: dict[str, Any] = {
    "summary": "Captions of pictures",
    "description": "One picture as the body, or several in a form. The answer has a record for "
    "each, in order: that of `looksay caption --format json`. Of several pictures one that cannot "
    "be read has a record with `error`; a single one is answered with a problem.",
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _object(**{FIELD: _array(_PICTURE)})},
                "image/*": {"schema": _PICTURE},
                "application/octet-stream": {"schema": _PICTURE},
            },
        }
    },
    "responses": {
        200: _answer("A record for each picture.", _JSON, _object(captions=_array(_record()))),
        **_problems(_ERRORS),
    },
}

_LISTS = _object(
    models=_array(
        {
            "type": "object",
            "required": ["name", "default", "architecture", "beam_size"],
            "properties": {
                "name": {"type": "string"},
                "default": {"type": "boolean"},
                "architecture": {"type": "string"},
                "language": {"type": ["string", "null"]},
                "beam_size": {"type": "integer"},
            },
        }
    ),
    limits={"type": "object", "additionalProperties": {"type": "integer"}},
    search={"type": "boolean", "description": "Whether there is /v1/search."},
)
_NULLABLE_NUMBER = {"type": ["number", "null"]}
_FOUND = {
    "type": "object",
    "required": ["total", "photographs"],
    "properties": {
        "schema": {"const": 1},
        "total": {"type": "integer", "description": "All that fit, not only these."},
        "photographs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "image", "caption", "snippet", "matches"],
                "properties": {
                    "schema": {"const": 1},
                    "id": {"type": "integer", "description": "Never given to another one."},
                    "image": {"type": "string", "description": "The file's name."},
                    "is_there": {"type": "boolean"},
                    "caption": {"type": "string"},
                    "log_prob": _NULLABLE_NUMBER,
                    "confidence": _NULLABLE_NUMBER,
                    "alternatives": {"type": "array", "items": {"type": "object"}},
                    "model": {"type": "string"},
                    "snippet": {
                        "type": "string",
                        "description": "The caption or the alternative that was found.",
                    },
                    "matches": {
                        "type": "array",
                        "description": "Where in the snippet the words are, from and to, in "
                        "characters (Unicode code points).",
                        "items": {
                            "type": "array",
                            "items": {"type": "integer"},
                            "minItems": 2,
                            "maxItems": 2,
                        },
                    },
                    "whole": {"type": "boolean", "description": "Whether all words are in it."},
                    "score": {"type": "number"},
                    "width": {"type": ["integer", "null"]},
                    "height": {"type": ["integer", "null"]},
                },
            },
        },
    },
}
_STATUS = {"type": "object", "properties": {"status": {"type": "string"}}}

MODELS: dict[str, Any] = {
    "summary": "The models of this server",
    "responses": {
        200: _answer("What each is, and what a client may send.", _JSON, _LISTS),
        **_problems({401: _ERRORS[401]}),
    },
}
HEALTH: dict[str, Any] = {
    "summary": "Whether the process lives",
    "responses": {
        200: _answer("It does.", _JSON, _STATUS),
        **_problems({503: "A part of it has broken down."}),
    },
}
READY: dict[str, Any] = {
    "summary": "Whether it takes requests",
    "responses": {
        200: _answer("It does.", _JSON, _STATUS),
        **_problems({503: "It is stopping, or broken."}),
    },
}
METRICS: dict[str, Any] = {
    "summary": "Counters in Prometheus' text format",
    "responses": {
        200: _answer("The counters.", "text/plain", {"type": "string"}),
        **_problems({401: _ERRORS[401]}),
    },
}

_LIBRARY_ERRORS = {
    401: _ERRORS[401],
    422: "Options that make no sense.",
    429: _ERRORS[429],
    503: "The photo library cannot be used at the moment.",
}

SEARCH: dict[str, Any] = {
    "summary": "Photographs of the library found by their captions",
    "responses": {
        200: _answer("The best first.", _JSON, _FOUND),
        **_problems(
            {400: "There is nothing in the query to search for, or far too much."} | _LIBRARY_ERRORS
        ),
    },
}
THUMBNAIL: dict[str, Any] = {
    "summary": "A photograph of the library, small and upright",
    "responses": {
        200: _answer("A JPEG.", "image/jpeg", _PICTURE),
        304: {"description": "It is as the ETag in If-None-Match says."},
        **_problems(
            {
                404: "There is no photograph of that number.",
                410: "Its file is gone or cannot be read any more.",
            }
            | _LIBRARY_ERRORS
        ),
    },
}
