"""Runs looksay in a process of its own, kills it at a moment of chance, and runs it again.

Processes are forked from one that has everything imported, so that a try costs little more than the
work itself. No threads may run there; Linux and macOS only.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from looksay.files import LEFT_BEHIND

_SECONDS_BETWEEN_LOOKS = 0.001


class Job(ABC):
    """Something looksay does in a folder.

    A run that was killed is repeated by the same call. `result` of it has to equal the undisturbed
    run's; `check` looks at what the kill left.
    """

    name: str

    @abstractmethod
    def prepare(self, folder: Path, number: int) -> None:
        """Lays out what the try of this number works on, in an empty folder."""

    @abstractmethod
    def run(self, number: int) -> int:
        """Does it, in the folder as working directory; the exit status."""

    @abstractmethod
    def check(self, folder: Path, undisturbed: Any) -> None:
        """AssertionError where a file is neither as before nor as after."""

    @abstractmethod
    def result(self, folder: Path) -> Any:
        """All that came of it, to be compared; AssertionError where something stands twice."""

    def kinds(self) -> int:
        """How many different tries there are: the number of a try, modulo this, says which."""
        return 1


@dataclass
class Tally:
    """What became of a job's tries."""

    job: str
    seconds: float  # of an undisturbed run
    killed: int = 0
    ended_before: int = 0  # the run was quicker than its kill
    halfway: int = 0  # some of what the run writes was there, and not all of it
    left_behind: int = 0  # hidden files that were never finished, see `looksay.files`
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        survived = self.killed - len(self.faults)
        return (
            f"{self.job}: killed {self.killed} times within {self.seconds:.1f} s, "
            f"{self.halfway} of them halfway through its files; {survived} resumed to the "
            f"undisturbed result, {len(self.faults)} did not; {self.left_behind} unfinished hidden "
            "files left"
        )


def kill_often(job: Job, scratch: Path, *, kills: int, seed: int = 0) -> Tally:
    """Kills a job so many times, at moments spread evenly by chance over an undisturbed run."""
    moments = random.Random(f"{job.name} {seed}")
    wanted = [_undisturbed(job, scratch, kind) for kind in range(job.kinds())]
    tally = Tally(job.name, max(seconds for _, seconds in wanted))
    number = 0
    while tally.killed < kills:
        undisturbed, seconds = wanted[number % job.kinds()]
        folder = _folder(job, scratch, number)
        before = files_below(folder)
        try:
            if _kill(job, folder, number, moments.uniform(0, seconds)):
                tally.killed += 1
                left = files_below(folder)
                _go_on(job, folder, number, undisturbed, tally)
                tally.halfway += before != left != files_below(folder)
            else:
                tally.ended_before += 1
                assert tally.ended_before < 20 + 4 * kills, f"{job.name} ends before any kill"
        except AssertionError as error:
            tally.faults.append(f"{folder}: {error}")
        number += 1
    return tally


def files_below(folder: Path) -> dict[str, bytes]:
    """The content of every file but those that a kill left unfinished."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not is_left_behind(path.relative_to(folder))
    }


def is_left_behind(path: Path) -> bool:
    """Whether it is a file or folder that a kill left unfinished, or lies in one."""
    return any(part.startswith(LEFT_BEHIND) for part in path.parts)


def start(work: Callable[[], int], folder: Path) -> int:
    """The process id of some work in a folder, the leader of its own group; what it says is in a
    file beside the folder."""
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    status = 70
    try:
        os.setsid()
        said = os.open(folder.with_name(f"{folder.name}.said"), os.O_WRONLY | os.O_CREAT)
        os.lseek(said, 0, os.SEEK_END)
        for stream in (1, 2):
            os.dup2(said, stream)
        os.chdir(folder)
        status = work()
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


def finish(work: Callable[[], int], folder: Path) -> None:
    """Does some work to its end. AssertionError, with what it said, where that is no good one."""
    _, status = os.waitpid(start(work, folder), 0)
    said = folder.with_name(f"{folder.name}.said").read_text(errors="replace")
    assert os.waitstatus_to_exitcode(status) == 0 and "Traceback" not in said, said[-2000:]


def _folder(job: Job, scratch: Path, number: int, name: str = "try") -> Path:
    folder = scratch / f"{job.name}-{name}-{number}"
    folder.mkdir(parents=True)
    job.prepare(folder, number)
    return folder


def _undisturbed(job: Job, scratch: Path, kind: int) -> tuple[Any, float]:
    folder = _folder(job, scratch, kind, "undisturbed")
    begun = time.monotonic()
    finish(partial(job.run, kind), folder)
    return job.result(folder), time.monotonic() - begun


def _kill(job: Job, folder: Path, number: int, seconds: float) -> bool:
    """Whether the run was still at it when the signal came."""
    deadline = time.monotonic() + seconds
    process = start(partial(job.run, number), folder)
    while (left := deadline - time.monotonic()) > 0:
        if os.waitpid(process, os.WNOHANG)[0]:
            return False
        time.sleep(min(left, _SECONDS_BETWEEN_LOOKS))
    try:
        os.killpg(process, signal.SIGKILL)
    except ProcessLookupError:  # before it had a group of its own
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return os.WIFSIGNALED(status)


def _go_on(job: Job, folder: Path, number: int, undisturbed: Any, tally: Tally) -> None:
    tally.left_behind += sum(path.name.startswith(LEFT_BEHIND) for path in folder.rglob("*"))
    job.check(folder, undisturbed)
    finish(partial(job.run, number), folder)
    assert job.result(folder) == undisturbed, "the result is another one"
