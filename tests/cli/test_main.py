"""How the command ends: sentences and statuses, and no traceback unless it is asked for."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from looksay import __version__
from looksay.cli import main
from looksay.errors import BundleError, UsageError

FAULTS = {
    "bundle": (BundleError("x/bundle.json is damaged; get it again."), 1, "x/bundle.json"),
    "usage": (UsageError("--this makes no sense."), 2, "--this"),
    "interrupt": (KeyboardInterrupt(), 130, "interrupted"),
    "full disk": (OSError(errno.ENOSPC, "No space left", "big.json"), 1, "big.json"),
    "missing file": (FileNotFoundError(errno.ENOENT, "No such file", "a.txt"), 1, "a.txt"),
    "memory": (MemoryError(), 1, "--batch-size"),
    "bug": (ZeroDivisionError("division by zero"), 1, "--debug"),
}


@pytest.fixture
def failing_verb(monkeypatch: pytest.MonkeyPatch):
    """`looksay fail` raises what is put into the box."""
    box: list[BaseException] = []

    @click.command()
    def fail() -> None:
        raise box[0]

    module = ModuleType("failing_verb")
    module.fail = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "failing_verb", module)
    monkeypatch.setitem(main.VERBS, "fail", ("failing_verb", "fail", "Fails."))
    return box.append


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("debug", ["never", "before", "after"])
def test_every_error_is_one_sentence_and_a_status(looksay, failing_verb, fault, debug):
    error, status, hint = FAULTS[fault]
    failing_verb(error)
    args = {"never": ["fail"], "before": ["--debug", "fail"], "after": ["fail", "--debug"]}
    result = looksay(*args[debug])
    assert result.status == status and result.out == ""
    assert hint in result.err.strip().splitlines()[-1]
    assert ("Traceback" in result.err) == (debug != "never")
    if debug == "never":
        assert len(result.err.strip().splitlines()) == 1


def test_the_version(looksay):
    assert looksay("--version").out == f"looksay {__version__}\n"


@pytest.mark.parametrize("verb", [[], *([verb] for verb in main.VERBS)])
def test_every_verb_has_help_with_examples(looksay, verb):
    result = looksay(*verb, "--help")
    assert result.status == 0
    assert "Examples:" in result.out and "--debug" in result.out
    assert result.out == looksay(*verb, "-h").out


def test_an_unknown_verb_names_the_verbs(looksay):
    result = looksay("captoin", "a.jpg")
    assert result.status == 2 and "caption" in result.err


def test_a_photograph_instead_of_a_verb_gets_the_right_command(looksay, photos):
    result = looksay("photos/a.png")
    assert result.status == 2 and "looksay caption photos/a.png" in result.err


def run_python(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    ("args", "light"),
    [
        (["--version"], True),
        (["--help"], True),
        (["caption", "--help"], True),
        (["caption", "none.jpg"], False),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(args, light):
    code = "import sys; from looksay.cli.main import run; run(sys.argv[1:]);"
    code += "print('\\n' + ' '.join(sys.modules))"
    modules = set(run_python(code, *args).stdout.splitlines()[-1].split())
    heavy = {"keras", "tensorflow", "torch", "jax", "openvino", "onnxruntime", "tqdm", "matplotlib"}
    if light:
        heavy |= {"numpy", "PIL"}
    assert not heavy & modules


def test_a_closed_pipe_ends_it_without_a_word():
    code = (
        "import os, sys\n"
        "read, write = os.pipe(); os.dup2(write, 1); os.close(read); os.close(write)\n"
        "from looksay.cli.main import main\n"
        "main()"
    )
    result = run_python(code, "models", "--format", "json")
    assert result.returncode == 1 and result.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_behind_standard_output_is_a_sentence():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "looksay", "models", "--format", "json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert result.returncode == 1
    assert "disk is full" in result.stderr and len(result.stderr.splitlines()) == 1


def test_output_is_utf8_whatever_the_locale(looksay, captioner, photos, tmp_path):
    (photos / "a.png").rename(photos / "ü.png")
    code = (
        "import sys\nfrom looksay.cli import caption, main\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from conftest import FakeCaptioner\n"
        "caption.load_captioner = lambda **how: FakeCaptioner()\n"
        "sys.exit(main.run(['caption', 'photos/ü.png', '--format', sys.argv[1]]))"
    )
    for format in ("text", "json"):
        result = subprocess.run(
            [sys.executable, "-c", code, format],
            capture_output=True,
            env={"PYTHONIOENCODING": "latin-1", "PATH": ""},
            timeout=120,
        )
        assert result.returncode == 0, result.stderr
        assert "photos/ü.png" in result.stdout.decode("utf-8")


def test_a_name_that_is_no_unicode_comes_out_whole(looksay, captioner, photos):
    name = b"photos/\xff.png"
    try:
        Path("photos/a.png").rename(name.decode("utf-8", "surrogateescape"))
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    argument = name.decode("utf-8", "surrogateescape")
    for format in ("text", "jsonl", "csv"):
        looksay("caption", argument, "--output", f"out.{format}")
        looksay("caption", argument, "--output", f"out.{format}")
    assert Path("out.text").read_bytes().count(name) == 1
    assert Path("out.csv").read_bytes().count(name) == 1
    record = json.loads(Path("out.jsonl").read_text(encoding="utf-8"))
    assert record["image"].encode("utf-8", "surrogateescape") == name
    assert len(captioner.seen) == 3
