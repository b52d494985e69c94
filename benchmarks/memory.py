"""Peak anonymous memory of a command and its children (Linux).

    python benchmarks/memory.py looksay caption photographs/ --output captions.jsonl

Anonymous memory is what a program holds for itself; memory-mapped files belong to the system's
cache, which gives them up when others need room.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

INTERVAL = 0.05  # seconds between looks


def anonymous(process: int) -> int:
    """Bytes of a process and its descendants."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:  # it has just ended
        return 0
    own = next((line for line in status.splitlines() if line.startswith("RssAnon")), "RssAnon: 0")
    return int(own.split()[1]) * 1024 + sum(anonymous(int(child)) for child in children)


def main() -> None:
    running = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    peak = 0
    while running.poll() is None:
        peak = max(peak, anonymous(running.pid))
        time.sleep(INTERVAL)
    print(f"peak anonymous memory: {peak / 2**30:.2f} GiB (exit status {running.returncode})")


if __name__ == "__main__":
    main()
