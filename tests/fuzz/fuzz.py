"""Fuzzes the parsers, guided by what code is reached: python tests/fuzz/fuzz.py --seconds 60.

Needs atheris (pip install atheris; Linux and macOS). Every target runs in a process of its own for
so long; a crash, an input of more than 5 seconds or 2 GB is a finding, whose input is kept in
--findings. Ends with 1 where there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "hostile")]
INSTRUMENTED = ["looksay", "PIL", "justhtml", "markdown_it", "python_multipart", "tomllib"]
SECONDS_EACH, MEGABYTES = 5, 2048
MEMORY = Path("/dev/shm")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", help="all where none is named")
    parser.add_argument("--seconds", type=int, default=60, help="of each target")
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    if "--inside" in sys.argv[1:2]:
        return fuzz_here(sys.argv[2], sys.argv[3:])
    options = parser.parse_args()
    from targets import TARGETS

    found = [name for name in options.targets or TARGETS if not fuzz(name, options)]
    print(f"{len(found)} targets with findings" if found else "no findings")
    return 1 if found else 0


def fuzz(name: str, options: argparse.Namespace) -> bool:
    """Whether the target stands a run of so many seconds in a process of its own."""
    from targets import TARGETS

    options.findings.mkdir(exist_ok=True)
    # in memory; atheris ends its process where it stands, and nobody else would tidy up
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as scratch:
        (corpus := Path(scratch) / "corpus").mkdir()
        for seed in TARGETS[name].seeds():
            (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        command = [sys.executable, __file__, "--inside", name, str(corpus)]
        command += [f"-max_total_time={options.seconds}", f"-timeout={SECONDS_EACH}"]
        command += [f"-rss_limit_mb={MEGABYTES}", "-max_len=20000", "-verbosity=1"]
        command += [f"-artifact_prefix={options.findings.resolve()}/{name}-"]
        began = time.monotonic()
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            env=os.environ | {"TMPDIR": scratch},
        )
    said = done.stdout + done.stderr
    runs = re.findall(r"Done (\d+) runs|#(\d+)\s", said)
    tried = next((int(a or b) for a, b in reversed(runs)), 0)
    covered = re.findall(r"cov: (\d+)", said)
    print(
        f"{name:14} {tried:9,} inputs in {time.monotonic() - began:4.0f} s, "
        f"{covered[-1] if covered else '?':>5} places reached: "
        f"{'stands' if done.returncode == 0 else 'FOUND'}",
        flush=True,
    )
    if done.returncode:
        print(said.partition("Uncaught Python exception")[2][:3000] or said[-3000:], flush=True)
    return done.returncode == 0


def fuzz_here(name: str, rest: list[str]) -> int:
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from mutate import mutate_json
        from targets import TARGETS, opened, run

        seeds = TARGETS[name].seeds()
        is_json = all(seed.startswith(b"{") for seed in seeds)
        with opened(name) as target:
            for seed in seeds:  # what they import is not timed
                run(target, seed)
            atheris.Setup(
                [sys.argv[0], *rest],
                lambda data: run(target, data),
                **({"custom_mutator": mutate_json} if is_json else {}),
            )
            atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
