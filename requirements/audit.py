"""Known faults of the locked dependencies, where only the package index can be reached.

    python requirements/audit.py requirements/ci.txt

The index tells the faults of a package's newest version alone. Of one that is locked at an older
version this says so, and what stands against the newest; pip-audit, which asks a database of its
own, tells the rest. Ends with 1 where there is a fault.
"""

from __future__ import annotations

import concurrent.futures
import json
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any

INDEX = "https://pypi.org/pypi/{}/json"
PIN = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def asked(name: str) -> dict[str, Any]:
    with urllib.request.urlopen(INDEX.format(name), timeout=60) as answer:
        return json.load(answer)


def main() -> int:
    pins = [pin for path in sys.argv[1:] for pin in PIN.findall(Path(path).read_text("utf-8"))]
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(asked, (name for name, _ in pins)))
    except OSError as error:
        sys.exit(f"the package index did not answer ({error}); try again later")
    older, faulty = [], 0
    for (name, version), answer in zip(pins, answers, strict=True):
        newest = answer["info"]["version"]
        faults = [fault["id"] for fault in answer["vulnerabilities"] if not fault["withdrawn"]]
        faulty += bool(faults)
        if version != newest:
            older.append(f"{name} {version} (newest {newest})")
        if faults:
            print(f"{name} {newest}: {', '.join(faults)}")
        if any(file["yanked"] for file in answer["releases"].get(version, [])):
            print(f"{name} {version} has been taken back (yanked)")
    print(f"{len(pins)} locked, {len(pins) - len(older)} at their newest version, {faulty} faulty")
    print("older, so that the index tells nothing of them:", ", ".join(older) or "none")
    return faulty > 0


if __name__ == "__main__":
    sys.exit(main())
