"""METEOR and SPICE: equal to pycocoevalcap with Java, sentences without it, never the network."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from looksay.errors import MetricError, MissingExtraError
from looksay.metrics import java, meteor, ptb_tokenize, spice
from looksay.metrics.meteor import meteor_of_sums
from looksay.metrics.spice import MODELS, MODELS_FOLDER

GOLDEN = json.loads((Path(__file__).parent / "golden" / "scores.json").read_text("utf-8"))
PICTURES = GOLDEN["pictures"].values()
REFERENCES = [list(map(ptb_tokenize, picture["references"])) for picture in PICTURES]
CANDIDATES = [ptb_tokenize(picture["candidate"]) for picture in PICTURES]

DOG = [[["a", "dog"]]], [["a", "dog"]]


def test_meteor_is_pycocoevalcaps():
    if shutil.which("java") is None:
        pytest.skip("no Java")
    try:
        java.find_program("meteor", "meteor-1.5.jar")
    except MissingExtraError:
        pytest.skip("no pycocoevalcap")
    sums = meteor(REFERENCES, CANDIDATES)
    assert sums.corpus()["METEOR"] == pytest.approx(GOLDEN["corpus"]["METEOR"], abs=1e-6)
    expected = GOLDEN["per_image"]["METEOR"]
    np.testing.assert_allclose(sums.per_image()["METEOR"], expected, rtol=0, atol=1e-6)


def test_meteor_by_hand():
    # "a dog is running on grass", "a dog runs on the grass": what the program counts of them
    counts = [6, 6, 3, 3, 2, 2, 2, 2, 1, 1, *[0] * 10, 3, 5, 5]
    matched = 0.75 * 2 + 0.25 * 2 + 0.6 * 0.75
    share = matched / (0.75 * 3 + 0.25 * 3)  # of either caption
    expected = share * (1 - 0.6 * (3 / 5) ** 0.2)
    found = meteor_of_sums(np.array([counts, [0] * 23], dtype=np.float64))
    assert found[:, 0].tolist() == pytest.approx([expected, 0])


@pytest.fixture
def carried(tmp_path, monkeypatch) -> Path:
    """A pycocoevalcap of empty jars, so that no real one is needed nor run."""
    folder = tmp_path / "carried"
    for metric, jar in (("meteor", "meteor-1.5.jar"), ("spice", "spice-1.0.jar")):
        (folder / metric / "lib").mkdir(parents=True)
        (folder / metric / jar).touch()
    found = SimpleNamespace(submodule_search_locations=[str(folder)])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: found)
    monkeypatch.delenv(MODELS_FOLDER, raising=False)
    return folder


@pytest.fixture
def fake_java(tmp_path, monkeypatch):
    """`fake_java(version, script)` puts a shell script in Java's place."""
    if os.name == "nt":
        pytest.skip("needs a shell")

    def put(version: str, script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        path = folder / "java"
        told = f'[ "$1" = -version ] && {{ echo \'openjdk version "{version}"\' >&2; exit; }}'
        path.write_text(f"#!/bin/sh\n{told}\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


@pytest.mark.parametrize("metric", [meteor, spice])
def test_without_java_is_a_sentence(metric, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MetricError, match="no Java on the path.*--no-java"):
        metric(*DOG)


@pytest.mark.parametrize("metric", [meteor, spice])
def test_without_the_extra_is_its_command(metric, fake_java, monkeypatch):
    fake_java("17.0.1", "exit 1")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'looksay\[evaluate\]'"):
        metric(*DOG)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo starting >&2; echo Error: no memory >&2; exit 3", "status 3: Error: no memory"),
        ("cat >/dev/null; echo 1 2 3", "shape"),
        ("cat >/dev/null; echo what", "what"),
        ("cat >/dev/null", "shape"),
        ("exit 0", "shape"),
    ],
)
def test_a_meteor_that_fails_is_a_sentence(carried, fake_java, script, reason):
    fake_java("17.0.1", script)
    with pytest.raises(MetricError, match=f"^METEOR is left out.*{reason}"):
        meteor(*DOG)


def put_models(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        (folder / name).touch()


def test_spice_says_where_it_looks_for_models(carried, fake_java, monkeypatch, tmp_path):
    fake_java("1.8.0_402", "echo must not be called; exit 9")
    lib = carried / "spice" / "lib"
    with pytest.raises(MetricError, match=f"CoreNLP 3.6.0 is not in {lib}"):
        spice(*DOG)
    monkeypatch.setenv(MODELS_FOLDER, str(tmp_path / "models"))
    with pytest.raises(MetricError, match=f"not in {tmp_path / 'models'} or {lib}.*models.jar"):
        spice(*DOG)


ANSWER = """for word; do [ "$last" = -out ] && out=$word; last=$word; done
cat > "$out" <<END
[{"image_id": 1, "scores": {"All": {"f": 0.25}}}, {"image_id": 0, "scores": {"All": {"f": 0.5}}}]
END
echo "$@" > "$(dirname "$0")/arguments"
for word; do case $word in *captions.json) cp "$word" "$(dirname "$0")/asked";; esac; done"""


@pytest.mark.parametrize("named", [True, False])
def test_spice_is_run_where_the_models_are(carried, fake_java, monkeypatch, tmp_path, named):
    fake_java("1.8.0_402", ANSWER)
    models = tmp_path / "models" if named else carried / "spice" / "lib"
    put_models(models)
    if named:
        monkeypatch.setenv(MODELS_FOLDER, str(models))
    sums = spice([[["a", "dog"], ["dogs"]], [["é"]]], [["one", "dog"], []])
    assert sums.per_image()["SPICE"].tolist() == [0.5, 0.25]
    assert sums.corpus()["SPICE"] == 0.375
    arguments = (tmp_path / "bin" / "arguments").read_text()
    assert all(str(models / name) in arguments for name in MODELS)
    assert json.loads((tmp_path / "bin" / "asked").read_text()) == [
        {"image_id": 0, "test": "one dog", "refs": ["a dog", "dogs"]},
        {"image_id": 1, "test": "", "refs": ["é"]},
    ]


@pytest.mark.parametrize("script", ["exit 0", "echo '[]' > $9"])
def test_a_spice_without_results_is_a_sentence(carried, fake_java, script):
    fake_java("11.0.2", script)
    put_models(carried / "spice" / "lib")
    with pytest.raises(MetricError, match="^SPICE is left out.*odd"):
        spice(*DOG)


def test_a_java_without_javascript_is_a_sentence(carried, fake_java):
    fake_java("17.0.1", "echo must not be called; exit 9")
    put_models(carried / "spice" / "lib")
    with pytest.raises(MetricError, match="Java 17.*after Java 14"):
        spice(*DOG)
