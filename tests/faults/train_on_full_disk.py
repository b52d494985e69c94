"""Trains onto a disk that is full, more than once, then goes on.

train_on_full_disk.py DISK [BYTES...]

DISK is the folder of an empty file system of some megabytes; BYTES are left on it, one number after
the other. Prints what looksay said each time; exit status 0 where the end is that of a run which
had room.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from kill_anywhere import import_before_fork

LEFT_BYTES = (0, 2**15, 2**19)  # for the recipe, the first weights, what follows them


def main(place: str, *left_bytes: str) -> int:
    import_before_fork()
    from disks import Disk
    from killing import finish, start
    from training_jobs import Train, run_training

    disk = Disk(Path(place))
    with tempfile.TemporaryDirectory() as scratch:
        (inputs := Path(scratch) / "inputs").mkdir()
        job = Train(inputs)
        finish(run_training, wanted := job.lay_out(Path(scratch) / "wanted"))
        folder = job.lay_out(Path(scratch) / "full")
        (disk.folder / "run").mkdir()
        (folder / "run").symlink_to(disk.folder / "run")
        for left in map(int, left_bytes or LEFT_BYTES):
            said = folder.with_name("full.said")
            said.unlink(missing_ok=True)
            disk.fill(leaving=left)
            _, status = os.waitpid(start(run_training, folder), 0)
            disk.empty()
            print(f"{left:,} bytes left: {said.read_text().splitlines()[-1]}", flush=True)
            assert "Traceback" not in said.read_text(), said.read_text()
            assert os.waitstatus_to_exitcode(status) == 1
            job.check(folder, job.result(wanted))
        said.unlink()
        finish(run_training, folder)
        assert job.result(folder) == job.result(wanted), "the result is another one"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
