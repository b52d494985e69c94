"""Shards of small photographs, and connections and stores that break off."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from looksay.data import shard_streams


def jpeg(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(file, "JPEG")
    return file.getvalue()


def noise(seed: int, side: int = 40) -> bytes:
    """A photograph like no other."""
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)
    Image.fromarray(pixels).resize((side + 8, side)).save(file, "PNG")
    return file.getvalue()


def tar_of(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tar_of(members))
    return path


def as_json(**fields: object) -> bytes:
    return json.dumps(fields).encode()


class Connection:
    """Stands in for a module's `open_stream`: behind the first `spared` streams each ends with an
    error, or as if all were well, after so many bytes, as often as `times` says. Notes from which
    byte on a file was asked for."""

    def __init__(
        self,
        monkeypatch: Any,
        after: int,
        times: int,
        error: Any = OSError,
        spared: int = 0,
        module: Any = shard_streams,
    ) -> None:
        self.after, self.times, self.error, self.spared = after, times, error, spared
        self.starts: list[int] = []
        self._open = module.open_stream
        monkeypatch.setattr(module, "open_stream", self)
        monkeypatch.setattr(shard_streams, "PAUSES_SECONDS", (0.0, 0.0))

    def __call__(self, name: str, start: int = 0) -> Any:
        self.starts.append(start)
        file = self._open(name, start)
        if self.times <= 0 or len(self.starts) <= self.spared:
            return file
        self.times -= 1
        return _Breaking(file, self.after, self.error)


class Questions:
    """Stands in for a method of a file system's class, by which a store is asked about an object:
    the first `times` questions end with an error. Notes the paths that were asked about."""

    def __init__(
        self, monkeypatch: Any, store: Any, method: str, times: int, error: Any = OSError
    ) -> None:
        self.times = times
        self.paths: list[str] = []
        answer = getattr(type(store), method)

        def ask(fs: Any, path: str, *more: Any, **options: Any) -> Any:
            self.paths.append(path)
            if len(self.paths) <= self.times:
                raise error("the line is dead")
            return answer(fs, path, *more, **options)

        monkeypatch.setattr(type(store), method, ask)
        monkeypatch.setattr(shard_streams, "PAUSES_SECONDS", (0.0, 0.0))


class _Breaking(io.RawIOBase):
    def __init__(self, file: Any, left: int, error: Any) -> None:
        self._file, self._left, self._error = file, left, error

    def read(self, size: int = -1) -> bytes:
        if not self._left:
            if self._error is None:
                return b""
            raise self._error("the line is dead")
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()
        super().close()
