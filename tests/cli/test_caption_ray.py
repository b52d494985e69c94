"""`looksay caption --engine ray`: which options go together, what is said. No Ray is started."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["photos"], "needs --output DIR"),
        (["photos", "--output", "out", "--format", "jsonl"], "--format and --engine ray do not"),
        (["photos", "--output", "out", "--attention", "a"], "--attention and --engine ray do not"),
        (["--demo"], "--demo and --engine ray do not"),
        (["--output", "out"], "name a picture"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(looksay, photos, arguments, sentence):
    result = looksay("caption", "--engine", "ray", *arguments)
    assert result.status == 2 and sentence in result.err
    assert not (photos.parent / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["photos", "--ray-address", "10.0.0.1:6379"], "need --engine ray"),
        (["--files-from", "l.parquet"], "only --engine ray reads such lists"),
    ],
)
def test_what_only_ray_can_do_is_said_without_it(looksay, captioner, photos, arguments, sentence):
    result = looksay("caption", *arguments)
    assert result.status == 2 and sentence in result.err


def test_without_ray_the_command_to_install_it_is_said(looksay, photos, monkeypatch):
    monkeypatch.setattr("looksay.scale.cluster.PACKAGES", ("no_such_package",))
    result = looksay("caption", "--engine", "ray", "photos", "--output", "out")
    assert result.status == 1 and "pip install 'looksay[ray]'" in result.err


def test_problems_are_lines_and_the_last_line_counts(looksay, photos, monkeypatch):
    pytest.importorskip("pyarrow", reason="the extra ray")
    pytest.importorskip("fsspec", reason="the extra ray")
    pytest.importorskip("ray", reason="the extra ray")
    from looksay.scale import captions

    def caption(items, folder, *, watch, **how):
        names = [item.name for item in items]
        watch(names[0], None)
        watch("x.png", "x.png is damaged.")
        return captions.Outcome(captioned=len(names), failed=1, earlier=2)

    monkeypatch.setattr(captions, "caption_on_ray", caption)
    (photos.parent / "list.jsonl").write_text('{"image": "photos/b.jpg"}\n')
    more = ("--files-from", "list.jsonl", "--output", "s3://bucket/out")
    result = looksay("caption", "--engine", "ray", "photos/a.png", *more)
    assert (result.status, result.err) == (1, "looksay: x.png is damaged.\n")
    assert result.out == "s3://bucket/out: 2 captioned, 1 failed, 2 done before\n"
    (photos.parent / "list.jsonl").write_text('{"id": 1}\n')
    result = looksay("caption", "--engine", "ray", *more)
    assert result.status == 1 and "line 1 has no column" in result.err


def test_captioning_without_ray_imports_nothing_of_it():
    code = "import sys, looksay, looksay.cli.caption, looksay.cli.caption_ray, looksay.cli.extract"
    code += ", looksay.captioner, looksay.scale; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert not set(run.stdout.split()) & {"ray", "pyarrow", "fsspec", "s3fs", "pandas"}
    assert "looksay.scale.captions" not in run.stdout.split()


def test_captioning_by_workers_brings_no_keras_along():
    code = "import sys, looksay.scale.captions; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    assert not set(run.stdout.split()) & {"keras", "tensorflow", "jax", "torch", "ray"}
