"""Captioners that a worker's process can be told to load: sound ones, and some that end it."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

import looksay
from looksay.errors import BundleError


def sound(bundle: Path) -> list[Any]:
    # f32 where the processor would take bf16: a caption must not depend on its batch
    return [looksay.load(bundle, precision="f32", threads=1)]


def deadly(bundle: Path, poison: bytes) -> list[Any]:
    """Its process does not survive that picture."""
    return [_Deadly(sound(bundle)[0], poison)]


def gated(bundle: Path, folder: Path) -> list[Any]:
    """It says nothing before there is a file `open` in the folder, and makes one named `saying`
    when it would."""
    return [_Gated(sound(bundle)[0], folder)]


def hanging(bundle: Path, folder: Path, holds_lock: bool) -> list[Any]:
    """Hangs at the first words that anybody says, as native code may: with the interpreter's lock
    or without. The file `hung` in the folder says that somebody has."""
    return [_Hanging(sound(bundle)[0], folder / "hung", holds_lock)]


def breaking(bundle: Path, folder: Path) -> list[Any]:
    """Ends the thread that says the first words, and makes the file `broken`."""
    return [_Breaking(sound(bundle)[0], folder / "broken")]


def slow(bundle: Path, seconds: float) -> list[Any]:
    """Takes so long for the words of a batch."""
    return [_Slow(sound(bundle)[0], seconds)]


def stuck(bundle: Path) -> list[Any]:
    """Never loaded, while its process's other threads go on."""
    time.sleep(100_000)
    return []


def dying(bundle: Path) -> list[Any]:
    end_this_process()
    return []


def failing_where(bundle: Path, file: Path) -> list[Any]:
    """Cannot be loaded while that file is there."""
    if file.exists():
        raise BundleError(f"{bundle} is damaged; get it again.")
    return sound(bundle)


def another_where(bundle: Path, other: Path, file: Path) -> list[Any]:
    """Another model once that file is there."""
    return sound(other if file.exists() else bundle)


def end_this_process() -> None:
    """At once, as a fault in a library does."""
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    time.sleep(60)


class _Wrapped:
    def __init__(self, captioner: looksay.Captioner):
        self._captioner = captioner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._captioner, name)

    def __call__(self, images: Any, **options: Any) -> Any:
        return self._captioner(images, **options)


class _Deadly(_Wrapped):
    def __init__(self, captioner: looksay.Captioner, poison: bytes):
        super().__init__(captioner)
        self._poison = poison

    def read(self, source: Any) -> Any:
        if source == self._poison:
            end_this_process()
        return self._captioner.read(source)


class _Gated(_Wrapped):
    def __init__(self, captioner: looksay.Captioner, folder: Path):
        super().__init__(captioner)
        self._folder = folder

    def say(self, *arguments: Any) -> Any:
        (self._folder / "saying").touch()
        while not (self._folder / "open").exists():
            time.sleep(0.01)
        return self._captioner.say(*arguments)


class _Hanging(_Wrapped):
    def __init__(self, captioner: looksay.Captioner, file: Path, holds_lock: bool):
        super().__init__(captioner)
        self._file, self._holds_lock = file, holds_lock

    def say(self, *arguments: Any) -> Any:
        if not self._file.exists():
            self._file.touch()
            libc = ctypes.PyDLL(None) if self._holds_lock else ctypes.CDLL(None)
            libc.sleep(100_000)
        return self._captioner.say(*arguments)


class _Breaking(_Wrapped):
    def __init__(self, captioner: looksay.Captioner, file: Path):
        super().__init__(captioner)
        self._file = file

    def say(self, *arguments: Any) -> Any:
        if not self._file.exists():
            self._file.touch()
            raise SystemExit  # ends a thread without a word
        return self._captioner.say(*arguments)


class _Slow(_Wrapped):
    def __init__(self, captioner: looksay.Captioner, seconds: float):
        super().__init__(captioner)
        self._seconds = seconds

    def say(self, *arguments: Any) -> Any:
        time.sleep(self._seconds)
        return self._captioner.say(*arguments)
