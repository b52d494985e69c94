"""The Java programs of METEOR and SPICE, which pycocoevalcap carries: where they are, running them.

Nothing here asks the network: what is missing is said.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from looksay.errors import MetricError, MissingExtraError

VERSION = re.compile(r'version "(?:1\.)?(\d+)')
NO_JAVA = (
    "METEOR and SPICE are left out: there is no Java on the path. Install one (a JRE will do), or "
    "add --no-java."
)
NO_EXTRA = (
    "METEOR and SPICE are left out: their programs come with the reference scorer. "
    "pip install 'looksay[evaluate]', or add --no-java."
)


def find_java() -> str:
    """The `java` on the path. MetricError where there is none."""
    java = shutil.which("java")
    if java is None:
        raise MetricError(NO_JAVA)
    return java


def find_program(metric: str, jar: str) -> Path:
    """pycocoevalcap's jar of a metric, without importing it. MissingExtraError where it is not."""
    found = importlib.util.find_spec("pycocoevalcap")
    for folder in (found and found.submodule_search_locations) or ():
        path = Path(folder) / metric / jar
        if path.is_file():
            return path
    raise MissingExtraError(NO_EXTRA)


def java_version(java: str) -> int:
    """The major version, 8 for Java 1.8. MetricError where the program does not tell."""
    done = subprocess.run([java, "-version"], capture_output=True, text=True, errors="replace")
    told = VERSION.search(done.stderr + done.stdout)
    if done.returncode or told is None:
        raise MetricError(f"METEOR and SPICE are left out: {java} is no Java that runs.")
    return int(told[1])


def run_java(metric: str, command: list[str], folder: Path, given: str = "") -> str:
    """What a metric's program prints when it is given a text, run in its own folder.

    Raises MetricError, with the last of what the program said, where it fails.
    """
    try:
        done = subprocess.run(command, cwd=folder, input=given.encode(), capture_output=True)
    except OSError as error:
        raise MetricError(
            f"{metric} is left out: {command[0]} does not start ({error})."
        ) from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = f": {lines[-1].strip()}" if lines else ""
        raise MetricError(
            f"{metric} is left out: its Java program failed with status {done.returncode}{reason}."
        )
    return done.stdout.decode(errors="replace")
