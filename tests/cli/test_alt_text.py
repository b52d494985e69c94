"""`looksay alt-text` as a person calls it: what it prints, what it writes, its exit status."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("justhtml", reason="pip install looksay[alt-text]")
pytest.importorskip("markdown_it", reason="pip install looksay[alt-text]")


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("red.jpg", "blue.jpg"):
        Image.new("RGB", (64, 64), Path(name).stem).save(folder / name)
    page = b"<img src=red.jpg>\r\n<a href=x><img src=blue.jpg></a>\r\n<img src=gone.jpg>"
    (folder / "index.html").write_bytes(page)
    monkeypatch.chdir(tmp_path)
    return folder


def test_it_lists_each_image_with_its_text(looksay, colours, site):
    result = looksay("alt-text", "site")
    assert result.status == 0
    assert result.lines == [
        "index.html:1  ready    0.90  red.jpg   A red picture",
        "index.html:2  review   0.40  blue.jpg  A blue picture  (all that its link has)",
        "index.html:3  by hand        gone.jpg  there is no file gone.jpg",
    ]
    assert result.err == (
        "3 images on 1 page: 1 ready to be written, 1 to review, 1 to be done by hand.\n"
    )


def test_check_needs_no_model_changes_nothing_and_tells_by_its_status(looksay, colours, site):
    before = (site / "index.html").read_bytes()
    result = looksay("alt-text", "site", "--check")
    assert result.status == 1 and colours.seen == []
    assert [line.split("  ")[1] for line in result.lines] == ["no text", "no text", "by hand"]
    assert (site / "index.html").read_bytes() == before
    (site / "index.html").write_text("<img src=red.jpg alt='A fox'><img src=red.jpg alt=''>")
    result = looksay("alt-text", "site", "--check")
    assert (result.status, result.out) == (0, "")


def test_write_mends_what_is_sure_and_write_all_the_rest(looksay, colours, site):
    page = site / "index.html"
    assert looksay("alt-text", "site", "--write").status == 0
    assert page.read_bytes() == (
        b'<img src=red.jpg alt="A red picture">\r\n'
        b"<a href=x><img src=blue.jpg></a>\r\n<img src=gone.jpg>"
    )
    assert looksay("alt-text", "site", "--write-all").status == 0
    assert b'<img src=blue.jpg alt="A blue picture">' in page.read_bytes()
    assert looksay("alt-text", "site", "--check").lines == [
        "index.html:3  by hand    gone.jpg  there is no file gone.jpg"
    ]


def test_a_single_page_can_be_named(looksay, colours, site):
    assert looksay("alt-text", "site/index.html", "--check").status == 1


def test_json_has_an_element_an_image(looksay, colours, site):
    first, second, third = json.loads(looksay("alt-text", "site", "--json").out)
    assert first == {
        "page": "index.html",
        "line": 1,
        "picture": "red.jpg",
        "alt": None,
        "state": "ready",
        "reason": "",
        "text": "A red picture",
        "confidence": 0.9,
        "confidence_is": "mean word probability",
        "alone_in_link": False,
    }
    assert second["alone_in_link"] and third["text"] is None


def test_the_report_is_one_file_with_pictures(looksay, colours, site, tmp_path):
    assert looksay("alt-text", "site", "--report", "alt.html").status == 0
    page = (tmp_path / "alt.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 2 and "A blue picture" in page
    missing = looksay("alt-text", "site", "--report", "no/such/alt.html")
    assert missing.status == 1 and "cannot be written" in missing.err


def test_limits_can_be_set(looksay, colours, site):
    result = looksay("alt-text", "site", "--max-length", "10", "--min-confidence", "0.95")
    assert result.lines[0].split() == "index.html:1 review 0.90 red.jpg A red".split()
    assert "small" in looksay("alt-text", "site", "--small", "65").err


@pytest.mark.parametrize(
    ("options", "status", "word"),
    [
        (["nowhere"], 1, "does not exist"),
        (["site", "--check", "--write"], 2, "choose one"),
        (["site", "--check", "--report", "x.html"], 2, "no texts to report"),
        (["site", "--min-confidence", "2"], 2, "0<=x<=1"),
        ([], 2, "Missing argument"),
    ],
)
def test_wrong_usage_is_a_sentence(looksay, colours, site, options, status, word):
    result = looksay("alt-text", *options)
    assert result.status == status and word in result.err


def test_without_its_libraries_it_says_what_to_install(looksay, colours, site, monkeypatch):
    monkeypatch.setitem(sys.modules, "justhtml", None)
    result = looksay("alt-text", "site")
    assert result.status == 1 and 'pip install "looksay[alt-text]"' in result.err
