"""Kills looksay at moments of chance and says what became of it.

python tests/faults/kill_anywhere.py --kills 50
python tests/faults/kill_anywhere.py --kills 5 --only caption --only train

Exit status: 0 where every killed run resumed to the undisturbed result. Of a fault the folder is
kept, and named.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

CHEAP = ("caption", "index", "alt-text", "embed")
TRAINING = ("extract", "train", "export", "export-whole")


def import_before_fork() -> None:
    """Readies this process, which has imported neither NumPy nor TensorFlow yet: their threads do
    not survive a fork."""
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    sys.path.insert(0, str(Path(__file__).parent))


def main() -> int:
    import_before_fork()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50, help="of each job")
    parser.add_argument("--only", action="append", choices=[*CHEAP, *TRAINING], default=[])
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    names = chosen.only or [*CHEAP, *TRAINING]
    scratch = Path(tempfile.mkdtemp(prefix="looksay-faults-"))
    faults = 0
    for name in names:
        faults += _try(name, scratch / name, chosen.kills, chosen.seed)
    if not faults:
        _remove(scratch)
    return min(faults, 1)


def _try(name: str, scratch: Path, kills: int, seed: int) -> int:
    from killing import kill_often

    if name in TRAINING:
        from training_jobs import JOBS
    else:
        from jobs import JOBS  # type: ignore[assignment]
    begun = time.monotonic()
    (inputs := scratch / "inputs").mkdir(parents=True)
    tally = kill_often(JOBS[name](inputs), scratch, kills=kills, seed=seed)
    print(f"{tally} ({time.monotonic() - begun:.0f} s in all)", flush=True)
    for fault in tally.faults:
        print(f"  {fault}", flush=True)
    return len(tally.faults)


def _remove(scratch: Path) -> None:
    import shutil

    shutil.rmtree(scratch)


if __name__ == "__main__":
    sys.exit(main())
