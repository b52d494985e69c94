"""What a server and its worker say to each other: JSON, and pictures as they are.

Nothing is pickled: a picture that makes use of a fault in a decoder may have the worker say
anything, and must not get into the server by it.
"""

from __future__ import annotations

import builtins
import dataclasses
import json
import traceback
from collections.abc import Sequence
from typing import Any

from looksay import errors
from looksay.decoding import DecodingOptions
from looksay.errors import LooksayError
from looksay.json_text import parse_json
from looksay.serve.jobs import Job, Offer

MAX_ANSWER_BYTES = 64 * 2**20


class WorkerTraceback(Exception):
    """Where in the worker an error was raised, as text; the cause of the error here."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


# To the worker


def caption_frames(number: int, job: Job) -> tuple[bytes, bytes]:
    """An errand: what is to be done, and the picture."""
    order = {
        "caption": number,
        "model": job.model,
        "options": dataclasses.asdict(job.options),
        "number": job.number,
        "attention": job.attention,
    }
    return _packed(order), job.source


def drop_frames(number: int) -> tuple[bytes]:
    """Nobody waits for this errand any more."""
    return (_packed({"drop": number}),)


def job_of(order: dict[str, Any], source: bytes) -> Job:
    """The job of an errand."""
    options = DecodingOptions(**order["options"])
    return Job(order["model"], source, options, order["number"], order["attention"])


# From the worker


def ready(offers: Sequence[Offer]) -> bytes:
    return _packed({"ready": [dataclasses.asdict(offer) for offer in offers]})


def offers_of(told: list[dict[str, Any]]) -> list[Offer]:
    return [Offer(**{**each, "options": DecodingOptions(**each["options"])}) for each in told]


def failed(error: Exception) -> bytes:
    """The worker cannot start."""
    return _packed({"failed": _error(error, with_traceback=True)})


def done(number: int, record: dict[str, Any]) -> bytes:
    return _packed({"done": number, "record": record})


def went_wrong(number: int, error: BaseException) -> bytes:
    unexpected = not isinstance(error, LooksayError)
    return _packed({"done": number, "error": _error(error, with_traceback=unexpected)})


def worked(stage: str, pictures: int, seconds: float) -> bytes:
    return _packed({"worked": [stage, pictures, seconds]})


def beat(busy_seconds: float) -> bytes:
    """A sign of life: for how long the worker's oldest piece of work has been going on."""
    return _packed({"busy": busy_seconds})


def unpacked(frame: bytes) -> dict[str, Any]:
    """A message; ValueError for what is none."""
    message = parse_json(frame)
    if not isinstance(message, dict):
        raise ValueError("a message is no object")
    return message


def _packed(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


def _error(error: BaseException, *, with_traceback: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": next(kind.__name__ for kind in type(error).__mro__ if _is_known(kind)),
        "said": str(error),
    }
    if isinstance(error, OSError) and error.errno is not None:
        told["system"] = [error.errno, error.strerror, _text(error.filename)]
    if with_traceback:
        told["traceback"] = "".join(traceback.format_exception(error))
    return told


def error_of(told: dict[str, Any]) -> Exception:
    """The error as the worker met it, of the nearest kind that is known here too."""
    name = str(told["kind"])
    kind = getattr(errors, name, getattr(builtins, name, None))
    if not (isinstance(kind, type) and issubclass(kind, Exception) and _is_known(kind)):
        raise ValueError(f"{name!r} is no error")
    try:
        error = kind(*told["system"]) if "system" in told else kind(told["said"])
    except TypeError:  # it wants more than a sentence
        error = RuntimeError(f"{name}: {told['said']}")
    if "traceback" in told:
        error.__cause__ = WorkerTraceback(told["traceback"])
    return error


def answer_of(message: dict[str, Any]) -> dict[str, Any] | Exception:
    """The record of a picture, or what was wrong with it."""
    if "error" in message:
        return error_of(message["error"])
    record = message["record"]
    if not isinstance(record, dict):
        raise ValueError("a record is no object")
    return record


def _is_known(kind: type) -> bool:
    return kind in (vars(errors).get(kind.__name__), vars(builtins).get(kind.__name__))


def _text(name: Any) -> str | None:
    return name if isinstance(name, str) else None
