"""Requests as nobody should send them, and good ones among them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from hostile_pictures import good_pictures, hostile_pictures

BOUNDARY = "XyZ"
SMALL_BYTES = 200_000  # larger pictures of the corpus are left out: sending them is all they do


class Asked(NamedTuple):
    """A request's bytes, and the statuses that answer it; 0: the connection is closed."""

    name: str
    data: bytes
    expected: tuple[int, ...]


def requests() -> list[Asked]:
    """Every kind of request once."""
    return [*_good(), *_paths(), *_lengths(), *_heads(), *_forms(), *_queries(), *_pictures()]


def chooser(seed: int) -> Callable[[], Asked]:
    """Requests drawn by chance: every eighth a picture, every fourth a good one, the rest bad."""
    chance = random.Random(seed)
    pictures = _pictures()
    bad = [*_paths(), *_lengths(), *_heads(), *_forms(), *_queries()]
    kinds = [pictures, _good(), _good(), bad, bad, bad, bad, bad]
    return lambda: chance.choice(chance.choice(kinds))


def asked(
    name: str,
    expected: tuple[int, ...] | int,
    first: str = "POST /v1/captions",
    body: bytes = b"",
    *lines: str,
) -> Asked:
    """A request of these headers."""
    head = [f"{first} HTTP/1.1", "Host: localhost", *lines]
    if body or first.startswith("POST"):
        head.append(f"Content-Length: {len(body)}")
    data = "\r\n".join([*head, "", ""]).encode("latin-1", "replace") + body
    return Asked(name, data, (expected,) if isinstance(expected, int) else expected)


def _good() -> list[Asked]:
    picture = good_pictures()["truecolour.png"]
    body = part("a.png", picture) + f"--{BOUNDARY}--\r\n".encode()
    return [
        asked("health", 200, "GET /healthz"),
        asked("models", 200, "GET /v1/models"),
        asked("page", 200, "GET /"),
        asked("description", 200, "GET /openapi.json"),
        asked("style", 200, "GET /static/base.css"),
        asked("picture", 200, "POST /v1/captions", picture, "Content-Type: image/png"),
        asked("form", 200, "POST /v1/captions?beam=2", body, form()),
    ]


def _paths() -> list[Asked]:
    wanted = (
        "/static/../../../../etc/passwd", "/static/..%2f..%2f..%2fetc%2fpasswd", "/static/%00",
        "/static/%2e%2e/%2e%2e/settings.py", "/static/..\\..\\settings.py", "/static//etc/passwd",
        "/static/a%00.css", "/static/%ff%fe", "/static/" + "a/" * 3000, "/\u00e4\u00f6",
        "/static/demo/../../serve/app.py", "/%2e%2e/%2e%2e/etc/passwd", "/v1/models/..;/x",
        "/v1/photographs/1/thumbnail", "/.git/config", "//example.org/", "/v1/captions/%E2%80%AE",
        "/static/\uff0e\uff0e/app.py",
    )  # fmt: skip
    return [asked(f"path {path[:40]}", (404, 400), f"GET {path}") for path in wanted]


def _lengths() -> list[Asked]:
    start = "POST /v1/captions HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"

    chunked = "Transfer-Encoding: chunked\r\n\r\n"

    def raw(name: str, rest: str, expected: tuple[int, ...] = (400, 0)) -> Asked:
        return Asked(name, (start + rest).encode("latin-1"), expected)

    return [
        raw("length below nothing", "Content-Length: -1\r\n\r\n"),
        raw("length in words", "Content-Length: much\r\n\r\n"),
        raw("length of 5000 digits", f"Content-Length: {'9' * 5000}\r\n\r\n"),
        raw("two lengths", "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
        raw("length and chunks", f"Content-Length: 3\r\n{chunked}0\r\n\r\n"),
        raw("wrong chunk", f"{chunked}zz\r\nabc\r\n0\r\n\r\n"),
        raw("endless chunk", chunked + "f" * 30 + "\r\n"),
        raw("chunk below nothing", f"{chunked}-5\r\nabc\r\n"),
        raw("another encoding", "Transfer-Encoding: gzip\r\n\r\nabc", (400, 501, 0)),
        raw("too large", "Content-Length: 99999999999\r\n\r\n", (413,)),
    ]  # fmt: skip


def _heads() -> list[Asked]:
    picture = "Content-Type: image/png"
    return [
        Asked("noise", bytes(range(256)) * 4, (400, 0)),
        Asked("tls", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), (400, 0)),
        Asked("http 0.9", b"GET /\r\n\r\n", (400, 0)),
        Asked("http 9", b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", (200, 400, 505)),
        Asked("http 2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 421)),
        Asked("no host", b"GET /healthz HTTP/1.1\r\n\r\n", (400, 421)),
        Asked("host", b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", (421,)),
        Asked("odd host", b"GET / HTTP/1.1\r\nHost: [::1\xff]:99999999\r\n\r\n", (400, 421, 0)),
        Asked("zero", b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", (400, 404, 0)),
        Asked("split", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", (200,)),
        asked("large header", (200, 400, 431, 0), "GET /healthz", b"", "X-Large: " + "x" * 100_000),
        asked("many headers", (200, 400, 431, 0), "GET /healthz", b"", *["X-Y: z"] * 3000),
        asked("method", (405, 400), "REMOVE /v1/captions"),
        asked("get", 405, "GET /v1/captions"),
        asked("trace", (405, 400), "TRACE /"),
        asked("origin", 403, "POST /v1/captions", b"x", picture, "Origin: https://evil.example"),
        asked("json", 415, "POST /v1/captions", b'{"image": 1}', "Content-Type: application/json"),
        asked("text", 415, "POST /v1/captions", b"a dog", "Content-Type: text/plain"),
        asked("nothing", 400, "POST /v1/captions", b"", picture),
        asked(
            "socket", (400, 404, 405, 426), "GET /v1/captions", b"", "Upgrade: websocket",
            "Connection: Upgrade", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13",
        ),
        asked("expect", (400, 417, 100), "POST /v1/captions", b"", "Expect: 999-nonsense", picture),
        asked("encoding", (415, 400), "POST /v1/captions", b"x", "Content-Encoding: br", picture),
    ]  # fmt: skip


def _forms() -> list[Asked]:
    end, picture = f"--{BOUNDARY}--\r\n".encode(), good_pictures()["baseline.jpg"]
    line = f"--{BOUNDARY}\r\n".encode()
    bodies: dict[str, tuple[bytes, tuple[int, ...]]] = {
        "without end": (part("a.jpg", picture), (400,)),
        "empty": (end, (400,)),
        "no boundary in it": (b"x" * 1000, (400,)),
        "another field": (part("a.jpg", picture, field="file") + end, (422,)),
        "many parts": (part("a.jpg", b"x") * 3000 + end, (413,)),
        "only lines": (b"\r\n" * 50_000, (400,)),
        "nearly boundaries": (line + b"\r\n" + b"\r\n--Xy" * 20_000, (400, 422)),
        "path": (part("../../etc/passwd", b"x") + end, (415,)),
        "zero in name": (part("a\0b.jpg", b"\xff\xd8\xff") + end, (400, 415, 422)),
        "direction": (part("\u202egpj.exe", b"<svg/>") + end, (415,)),
        "long name": (part("n" * 30_000, b"x") + end, (400, 415)),
        "no name": (line + b"\r\nabc\r\n" + end, (400, 422)),
        "large part header": (line + b"X: " + b"y" * 60_000 + b"\r\n\r\nabc\r\n" + end, (400, 422)),
        "many part headers": (line + b"X: y\r\n" * 5000 + b"\r\nabc\r\n" + end, (400, 422)),
        "after the end": (part("a.jpg", b"x") + end + b"z" * 10_000, (400, 415)),
    }
    return [
        *(
            asked(f"form {name}", expected, "POST /v1/captions", body, form())
            for name, (body, expected) in bodies.items()
        ),
        asked("no boundary", 400, "POST /v1/captions", end, "Content-Type: multipart/form-data"),
        asked("form long boundary", 400, "POST /v1/captions", end, form("x" * 5000)),
        asked("form odd boundary", 400, "POST /v1/captions", end, form('"\xff"')),
    ]  # fmt: skip


def _queries() -> list[Asked]:
    wanted = (
        "beam=999999999", "beam=-1", "beam=1e9", "beam=" + "9" * 5000, "top_p=nan", "top_p=inf",
        "temperature=0", "method=%00", "method=__class__", "model=../../etc/passwd", "max_words=0",
        "seed=99999999999999999999999", "beam=2&beam=x", "x=" + "y" * 20_000, "%FF=%FE", "a[]=1",
        "greedy=true&sample=true", "num_captions=21", "beam=3&beam_groups=20", "&" * 5000,
        "attention=maybe", "top_k=0x10", "diversity=-1", "model=%F0%9F%90%95",
    )  # fmt: skip
    picture = "Content-Type: image/png"
    return [
        # what is no option at all may be let pass
        asked(f"query {query[:30]}", (422, 415), f"POST /v1/captions?{query}", b"x", picture)
        for query in wanted
    ]


def _pictures() -> list[Asked]:
    return [
        asked(f"picture {name}", (200, 400, 413, 415, 422), "POST /v1/captions", data)
        for name, data in hostile_pictures()
        if len(data) < SMALL_BYTES and "bomb-within" not in name
    ]


def part(name: str, data: bytes, field: str = "image") -> bytes:
    """A part of a form."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
    return head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + data + b"\r\n"


def form(boundary: str = BOUNDARY) -> str:
    return f"Content-Type: multipart/form-data; boundary={boundary}"
