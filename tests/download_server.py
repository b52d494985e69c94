"""A real HTTP server on this machine that serves files, and breaks in every way it is told to."""

from __future__ import annotations

import hashlib
import io
import socket
import struct
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from looksay.data.download import sources
from looksay.data.download.archives import Archive, Piece


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How one request is answered; the defaults are a good server's ways."""

    status: int | None = None  # answer so, with no file
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/zip"
    ignore_range: bool = False
    ignore_if_range: bool = False
    no_length: bool = False
    announce: int | None = None  # a Content-Length that is a lie
    break_after: int | None = None  # bytes, then the connection is reset
    end_after: int | None = None  # bytes, then it is closed politely
    hang_after: int | None = None  # bytes, then nothing until the server is stopped
    range_start: int | None = None  # a lie in Content-Range


@dataclass(frozen=True)
class Asked:
    """What a request asked for."""

    path: str
    range: str | None
    if_range: str | None


@dataclass
class Files:
    """What the server has. script: for a path, how its next requests are answered, in turn."""

    content: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    script: dict[str, list[Behaviour]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    hanging: threading.Event = field(default_factory=threading.Event)
    base_url: str = ""

    def etag(self, path: str) -> str:
        """Made from the content unless the test has said one; "" is none."""
        digest = hashlib.md5(self.content[path]).hexdigest()
        return self.etags.get(path, f'"{digest}"')

    def next_behaviour(self, path: str) -> Behaviour:
        behaviours = self.script.get(path)
        return behaviours.pop(0) if behaviours else Behaviour()


class Handler(BaseHTTPRequestHandler):
    files: Files

    def log_message(self, *what: object) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.removeprefix("/")
        self.files.asked.append(Asked(path, self.headers["Range"], self.headers["If-Range"]))
        behaviour = self.files.next_behaviour(path)
        if behaviour.status is not None or path not in self.files.content:
            self._refuse(behaviour)
        else:
            self._serve(path, behaviour)

    def _refuse(self, behaviour: Behaviour) -> None:
        self.send_response(behaviour.status or 404)
        for name, value in (*behaviour.headers, ("Content-Length", "0")):
            self.send_header(name, value)
        self.end_headers()

    def _serve(self, path: str, how: Behaviour) -> None:
        content, start = self.files.content[path], self._start(path, how)
        body = content[start:]
        if start is not None and start >= len(content):
            return self._refuse(Behaviour(status=416))
        self.send_response(200 if start is None else 206)
        self.send_header("Content-Type", how.content_type)
        if self.files.etag(path):
            self.send_header("ETag", self.files.etag(path))
        if start is not None:
            said = start if how.range_start is None else how.range_start
            self.send_header("Content-Range", f"bytes {said}-{len(content) - 1}/{len(content)}")
        if not how.no_length:
            length = len(body) if how.announce is None else how.announce
            self.send_header("Content-Length", str(length))
        for name, value in how.headers:
            self.send_header(name, value)
        self.end_headers()
        self._send(body, how)

    def _start(self, path: str, how: Behaviour) -> int | None:
        """The first byte asked for; None where the whole file is to come."""
        asked, condition = self.headers["Range"], self.headers["If-Range"]
        if asked is None or how.ignore_range:
            return None
        if condition and condition != self.files.etag(path) and not how.ignore_if_range:
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _send(self, body: bytes, how: Behaviour) -> None:
        limits = [x for x in (how.break_after, how.end_after, how.hang_after) if x is not None]
        self.wfile.write(body[: limits[0]] if limits else body)
        self.wfile.flush()
        if how.hang_after is not None:
            self.files.hanging.set()
            self.files.stopped.wait(60)
        if how.break_after is not None:  # no lingering: the client sees a reset, not an end
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()


@contextmanager
def serving() -> Iterator[Files]:
    """A running server; `base_url` is its address."""
    files = Files()
    handler = type("BoundHandler", (Handler,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *what: None  # type: ignore[method-assign]  # broken on purpose
    files.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield files
    finally:
        files.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()


def make_zip(members: dict[str, bytes | str]) -> bytes:
    """A ZIP archive with these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def make_archive(url: str, content: bytes, **changes: object) -> Archive:
    """A catalogue entry that fits the content."""
    fields: dict[str, object] = {
        "url": url,
        "what": "2 photographs",
        "size": len(content),
        "unpacked_size": 1000,
        "checksum": sha256(content),
        "pieces": (Piece(places=("photos",), num_files=2),),
    }
    return Archive(**{**fields, **changes})  # type: ignore[arg-type]


def fitted(archive: Archive, content: bytes) -> Archive:
    """The catalogue's entry, made to fit a tiny archive instead of the real one."""
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        names = [f"{archive.into}/{name}".lstrip("/") for name in opened.namelist()]
    pieces = tuple(
        replace(piece, num_files=sum(name.startswith(piece.places[0]) for name in names))
        for piece in archive.pieces
    )
    return replace(
        archive,
        size=len(content) if archive.size_is_exact else archive.size,
        unpacked_size=4 * len(content),
        pieces=pieces,
        checksum=archive.checksum and sha256(content),
    )


def fit_catalogue(contents: dict[str, bytes]) -> dict[str, object]:
    """What is to be set in `looksay.data.download.sources` for these archives, by file name."""

    def fit(archive: Archive) -> Archive:
        content = contents.get(archive.name)
        return archive if content is None else fitted(archive, content)

    return {
        "COCO_ANNOTATIONS": {key: fit(item) for key, item in sources.COCO_ANNOTATIONS.items()},
        "COCO_PHOTOGRAPHS": {key: fit(item) for key, item in sources.COCO_PHOTOGRAPHS.items()},
        "FLICKR8K": tuple(map(fit, sources.FLICKR8K)),
        "KARPATHY": {key: fit(item) for key, item in sources.KARPATHY.items()},
    }


if __name__ == "__main__":  # python download_server.py MIRROR ARGUMENT...: looksay, so fitted
    from looksay.cli.main import run

    mirror = Path(sys.argv[1])
    found = {path.name: path.read_bytes() for path in mirror.glob("*.zip")}
    for name, value in fit_catalogue(found).items():
        setattr(sources, name, value)
    sys.exit(run(sys.argv[2:]))
