"""Tokens as pycocoevalcap's tokenizer gives them: from a golden file, and from Java itself."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from looksay.metrics import ptb_tokenize, score_captions, tokenize_caption
from looksay.metrics.tokenize import PUNCTUATION
from looksay.text import join_words, split_words

GOLDEN = json.loads((Path(__file__).parent / "golden" / "tokens.json").read_text("utf-8"))


@pytest.mark.parametrize(("caption", "tokens"), GOLDEN, ids=[caption[:30] for caption, _ in GOLDEN])
def test_golden(caption, tokens):
    assert ptb_tokenize(caption) == tokens


@pytest.mark.parametrize(
    "caption",
    [
        "Ein Hund läuft über die nasse Straße .",
        unicodedata.normalize("NFD", "Ein Mädchen läuft über die Straße."),
        "¿Corre un niño por el césped? ¡Sí!",
        "L'homme s'assoit à côté d'une œuvre.",
        "Собака бежит по траве.",
        "كلب يجري، في العشب؟",
        "एक कुत्ता घास पर दौड़ता है।",
        "한 남자가 풀밭을 달린다.",
        "一只狗，在“草地”上奔跑。",
        "两只 dog 在跑！ＡＢＣ１２３，很快……",
        "「犬」が、草の上を走る。",
        "ﾄﾞｯｸﾞが草の上を走る｡",
        "“สุนัข” 2 ตัววิ่งบนหญ้า",
        "ខ្មែរ រត់លើស្មៅ។",
    ],
)
def test_a_model_can_say_a_reference_perfectly_in_any_language(caption):
    said = join_words(split_words(caption))
    assert said != caption and tokenize_caption(said) == tokenize_caption(caption)
    assert len(tokenize_caption(caption)) >= 4
    references = {"a": [caption], "b": ["完全不同的东西"], "c": ["etwas ganz anderes steht hier"]}
    scores = score_captions(references, {name: each[0] for name, each in references.items()})
    assert scores.as_dict()["BLEU-4"] == pytest.approx(1)
    assert scores.per_image["CIDEr-D"] == pytest.approx(10)


def test_chinese_and_thai_are_scored_by_characters():
    assert tokenize_caption("一只狗bike，跑。") == [*"一只狗", "bike", "跑"]
    assert tokenize_caption("ที่รัก") == ["ที่", "รั", "ก"]


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=60))
def test_english_has_the_treebanks_tokens_and_no_others(caption):
    assert tokenize_caption(caption) == ptb_tokenize(caption)
    assert tokenize_caption(f"{caption} “café” – é") == ptb_tokenize(f"{caption} “café” – é")


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
