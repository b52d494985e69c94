"""The short form of kill_anywhere.py: a few kills of each job, each in a process of its own, since
what forks may have no threads."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from disks import small_disk

FOLDER = Path(__file__).parent

if not hasattr(os, "fork"):
    pytest.skip("this system has no fork", allow_module_level=True)


def python(script: str, *words: object) -> str:
    """What a script of this folder prints; it must end well."""
    command = [sys.executable, str(FOLDER / script), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def needs(*modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


@pytest.mark.parametrize(
    ("job", "kills", "modules"),
    [
        ("caption", 4, ("onnx",)),
        ("index", 3, ("onnx",)),
        ("alt-text", 3, ("onnx", "justhtml", "markdown_it")),
        ("embed", 3, ("onnx", "exiftool", "zstandard")),
        ("extract", 3, ("onnx", "keras", "tensorflow")),
        ("train", 1, ("onnx", "keras", "tensorflow")),
        ("export", 2, ("onnx", "keras", "tensorflow", "tf2onnx")),
    ],
)
def test_killed_runs_resume_to_the_undisturbed_result(job, kills, modules):
    needs(*modules)
    if job == "embed" and shutil.which("exiftool") is None:
        pytest.skip("the program ExifTool is not installed")
    said = python("kill_anywhere.py", "--kills", kills, "--only", job)
    assert f"{job}: killed {kills} times" in said
    assert f"{kills} resumed to the undisturbed result, 0 did not" in said


def test_training_on_a_full_disk_goes_on_to_the_undisturbed_weights(tmp_path):
    needs("onnx", "keras", "tensorflow")
    with small_disk(tmp_path / "disk") as disk:
        lines = python("train_on_full_disk.py", disk.folder, 0, 2**15).splitlines()
    assert "the disk is full: run/recipe.json is not complete" in lines[0]
    assert "epoch 1 cannot be saved (No space left on device); the epochs before" in lines[1]


CARELESS = """
import sys, time
sys.path.insert(0, {folder!r})
from pathlib import Path
from killing import Job, files_below, kill_often

class Careless(Job):
    name = "careless"
    def prepare(self, folder, number): ...
    def run(self, number):
        with open("numbers.txt", "a") as file:
            for number in range(30):
                print(number, file=file, flush=True)
                time.sleep(0.01)
        return 0
    def check(self, folder, undisturbed): ...
    def result(self, folder):
        return files_below(folder)

tally = kill_often(Careless(), Path({scratch!r}), kills=5)
print(tally.killed, len(tally.faults), tally.halfway)
"""


def test_a_program_that_writes_twice_is_found_out(tmp_path):
    """What is killed halfway and begins anew in the same file: the harness must see it."""
    code = CARELESS.format(folder=str(FOLDER), scratch=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    killed, faults, halfway = map(int, done.stdout.split())
    assert killed == 5 and faults >= 3, done.stdout
