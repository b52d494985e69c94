"""A multipart form of pictures, taken apart in memory as it arrives."""

from __future__ import annotations

from typing import NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from looksay.serve.problems import Problem

FIELD = "image"
UNNAMED = "-"  # as the command line calls a picture from standard input

ADVICE = (
    f"send one picture as the body with a Content-Type such as image/jpeg, or several as "
    f"multipart/form-data in parts named {FIELD!r} (curl -F {FIELD}=@photo.jpg)"
)


class Sent(NamedTuple):
    """A picture as a client sent it, and the client's name for it."""

    name: str
    data: bytes


class Form:
    """Takes the body of a form in pieces; Problem 400 for a broken one, 413 for too many parts, 422
    for a part that is no picture's."""

    def __init__(self, content_type: str, most: int):
        self._most = most
        self._sent: list[Sent] = []
        self._name, self._data = "", bytearray()
        self._field, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._ended = False
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise _broken("its Content-Type names no boundary")
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._name_part,
                    "on_part_data": lambda data, start, end: self._data.extend(data[start:end]),
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise _broken("its boundary cannot be right") from error

    def feed(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _broken("its parts cannot be told apart") from error

    def finish(self) -> list[Sent]:
        """The pictures, at least one; Problem 400 where the form ended too early."""
        if not self._ended:
            raise _broken("its end is missing")
        if not self._sent:
            raise Problem(400, f"The form holds no picture; {ADVICE}.")
        return self._sent

    def _begin(self) -> None:
        self._disposition, self._data = b"", bytearray()

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._field, self._value = bytearray(), bytearray()

    def _name_part(self) -> None:
        _, options = parse_options_header(self._disposition)
        field = options.get(b"name", b"").decode("utf-8", "replace")
        if field != FIELD:
            raise Problem(
                422,
                f"The form has a part {field[:100]!r}; pictures are in parts named {FIELD!r}, and "
                "options belong into the query of the URL (/v1/captions?beam=3).",
            )
        if b"filename" not in options:
            raise Problem(
                422, f"A part {FIELD!r} is no file; with curl write -F {FIELD}=@photo.jpg."
            )
        if len(self._sent) == self._most:
            raise Problem(
                413,
                f"There are more than {self._most} pictures in the request, the most that this "
                "server takes at once; send them in several requests.",
            )
        self._name = options[b"filename"].decode("utf-8", "replace") or UNNAMED

    def _end_part(self) -> None:
        self._sent.append(Sent(self._name, bytes(self._data)))
        self._data = bytearray()

    def _end(self) -> None:
        self._ended = True


def _broken(why: str) -> Problem:
    return Problem(400, f"The form is broken: {why}; {ADVICE}.")
