"""Tokens as pycocoevalcap's tokenizer gives them: from a golden file, and from Java itself."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.metrics import ptb_tokenize
from looksay.metrics.tokenize import PUNCTUATION

GOLDEN = json.loads((Path(__file__).parent / "golden" / "tokens.json").read_text("utf-8"))


@pytest.mark.parametrize(("caption", "tokens"), GOLDEN, ids=[caption[:30] for caption, _ in GOLDEN])
def test_golden(caption, tokens):
    assert ptb_tokenize(caption) == tokens


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_has_clean_tokens(caption):
    for token in ptb_tokenize(caption):
        assert token and token.split() == [token] and token == token.lower()
        assert token not in PUNCTUATION


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[a-z]{2,8}(-[a-z]{2,8})?|it's|U\.S\.|3\.5", fullmatch=True)))
def test_tokens_do_not_depend_on_spaces_between_words(words):
    assert ptb_tokenize(" ".join(words)) == ptb_tokenize(" \t ".join(words) + "  ")


def test_equal_to_java_on_real_captions(shared_data, tmp_path):
    captions = [*_flickr8k(shared_data), *_coco(shared_data)]
    assert len(captions) == 35_400
    expected = _java(captions, tmp_path / "captions.txt")
    differing = [
        (caption, tokens, ptb_tokenize(caption))
        for caption, tokens in zip(captions, expected, strict=True)
        if tokens != ptb_tokenize(caption)
    ]
    assert not differing


def _flickr8k(folder: Path) -> list[str]:
    text = (folder / "flickr8k" / "Flickr8k.token.txt").read_text("utf-8")
    return [line.split("\t")[1] for line in text.splitlines()]


def _coco(folder: Path) -> list[str]:
    path = folder / "coco2017-mini" / "annotations" / "captions_train2017.json"
    if not path.is_file():
        pytest.skip(f"no {path}")
    return [
        each["caption"].replace("\n", " ") for each in json.loads(path.read_text())["annotations"]
    ]


def _java(captions: list[str], path: Path) -> list[list[str]]:
    """The tokens of the captions, from the jar that pycocoevalcap runs."""
    found = importlib.util.find_spec("pycocoevalcap")
    if found is None or found.origin is None and not found.submodule_search_locations:
        pytest.skip("no pycocoevalcap")
    if shutil.which("java") is None:
        pytest.skip("no Java")
    (folder,) = found.submodule_search_locations
    (jar,) = (Path(folder) / "tokenizer").glob("stanford-corenlp-*.jar")
    path.write_text("\n".join(captions), encoding="utf-8")
    name = "edu.stanford.nlp.process.PTBTokenizer"
    command = ["java", "-cp", str(jar), name, "-preserveLines", "-lowerCase", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, timeout=300).stdout
    lines = output.decode().split("\n")[: len(captions)]
    return [[t for t in line.split() if t not in PUNCTUATION] for line in lines]
