"""ExifTool, the program that knows every field of every kind of photograph, kept running.

Of what can write descriptions it alone kept everything in a trial on JPEG (with maker notes, IPTC,
several pictures in one file), PNG, WebP, TIFF and AVIF; Exiv2 broke the places of the pictures in
a JPEG that holds several, which those of current phones do.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from looksay.errors import EmbedError, MissingExtraError

OLDEST = 12.40  # knows the IPTC's alternative text, and does not run what a file says
SECONDS_TO_START = 60

Tags = dict[str, Any]

HOW_TO_INSTALL = (
    'Writing into photographs needs two libraries; install them with: pip install "looksay[embed]"'
)
_HOW_TO_GET_IT = (
    "install it (Debian and Ubuntu: apt install libimage-exiftool-perl; macOS: brew install "
    "exiftool; Windows: winget install OliverBetz.ExifTool), or name it with --exiftool"
)


class ExifTool:
    """The running program; to be used in a `with` statement, from any thread.

    Raises MissingExtraError where the program or its Python wrapper is missing, EmbedError for a
    file that it cannot read or write.
    """

    def __init__(self, program: str | None = None) -> None:
        self._program = program or "exiftool"
        self._turn = threading.Lock()

    def __enter__(self) -> ExifTool:
        try:
            from exiftool import ExifTool as Running
            from exiftool.exceptions import ExifToolException
        except ImportError as error:
            raise MissingExtraError(HOW_TO_INSTALL) from error
        _check_version(self._program)
        try:
            self._running = Running(
                executable=self._program,
                common_args=[],
                config_file="",  # a person's own settings would change what fields mean
                encoding="utf-8",
            )
            self._running.run()
        except (OSError, ValueError, ExifToolException) as error:
            raise MissingExtraError(_cannot_start(self._program)) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._running.running:
            self._running.terminate()

    def read(self, path: Path) -> Tags:
        """All that a file says of itself, by `group:name`; unknown fields and bytes too."""
        if b"\n" in os.fsencode(path):  # the program takes one argument a line
            return self.read_bytes(path.read_bytes())
        return self._read(path, str(path))

    def read_bytes(self, data: bytes) -> Tags:
        """The same of a file's bytes."""
        with tempfile.TemporaryDirectory(prefix="looksay-") as folder:
            path = Path(folder, "photograph")
            path.write_bytes(data)
            return self._read(path, "the photograph")

    def write(self, data: bytes, suffix: str, arguments: Sequence[str]) -> bytes:
        """The bytes of a file with fields changed, as `-group:name=value` says."""
        with tempfile.TemporaryDirectory(prefix="looksay-") as folder:
            path = Path(folder, "photograph" + suffix)
            path.write_bytes(data)
            self._execute("-overwrite_original", *arguments, path=path)
            if self._running.last_status != 0:
                raise EmbedError(_why(self._running.last_stderr, path))
            return path.read_bytes()

    def _read(self, path: Path, name: str) -> Tags:
        options = ("-json", "-G1", "-a", "-u", "-U", "-b", "-struct", "-e")
        answer = self._execute(*options, path=path)
        try:
            (tags,) = json.loads(answer)
        except ValueError as error:
            raise EmbedError(f"ExifTool cannot read {name}.") from error
        if "ExifTool:Error" in tags:
            raise EmbedError(f"ExifTool cannot read {name}: {tags['ExifTool:Error']}.")
        return dict(tags)

    def _execute(self, *arguments: str, path: Path) -> bytes:
        from exiftool.exceptions import ExifToolException

        with self._turn:
            try:
                answer = self._running.execute(
                    "-charset", "filename=utf8", *arguments, os.fsencode(path), raw_bytes=True
                )
            except (OSError, ExifToolException) as error:
                raise EmbedError(f"ExifTool stopped working: {error}. Run again.") from error
        assert isinstance(answer, bytes)
        return answer


def _check_version(program: str) -> None:
    """Asks the program which it is; another one, once running, might never answer."""
    try:
        answer = subprocess.run(
            [program, "-ver"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_TO_START,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise MissingExtraError(_cannot_start(program)) from error
    version = answer.stdout.decode("utf-8", "replace").strip()
    if not re.fullmatch(r"\d+\.\d+", version):
        raise MissingExtraError(_cannot_start(program))
    if float(version) < OLDEST:
        raise MissingExtraError(
            f"ExifTool {version} is too old, {OLDEST:.2f} or later is needed; {_HOW_TO_GET_IT}."
        )


def _cannot_start(program: str) -> str:
    return f"The program ExifTool cannot be started as {program}; {_HOW_TO_GET_IT}."


def _why(stderr: Any, path: Path) -> str:
    said = stderr.decode("utf-8", "replace") if isinstance(stderr, bytes) else str(stderr or "")
    first = said.strip().splitlines()[0] if said.strip() else "it does not say why"
    return f"ExifTool cannot write it ({first.replace(f' - {path}', '')}); it is as it was."
