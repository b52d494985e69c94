"""The report holds everything, asks for nothing, escapes what it is given, and stays small."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looksay.data import Record
from looksay.errors import DataError
from looksay.evaluation import evaluate_captions
from looksay.evaluation.report import Thumbnails, pack_looks, report_html, write_report
from looksay.pictures.regions import Regions

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from parsed_page import Page  # noqa: E402

EVIL = '</script><script>alert("1")</script><img src=x onerror=alert(2)> & "it\'s" @@script $x'


def block_of(page: str, name: str) -> dict:
    """What the page stores of the picture with this name."""
    names = [picture["name"] for picture in data_of(page, "index")["pictures"]]
    return data_of(page, f"p{names.index(name)}")


def data_of(page: str, name: str) -> dict:
    return json.loads(re.search(rf'id="{name}">(.*?)</script>', page, re.DOTALL).group(1))


def test_nothing_comes_from_outside(report):
    page = report.read_text()
    assert not re.search(r"https?:|@import|url\(|fetch\(|XMLHttp|import\(|innerHTML", page)
    for tag, attributes in Page(page).tags:
        for name in ("src", "href", "action", "data", "srcset"):
            assert attributes.get(name, "data:").startswith(("data:", "#")), (tag, attributes)
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    assert "default-src 'none'" in page and "@@" not in page


def test_only_its_own_script_may_run(report):
    page = report.read_text()
    policy = next(tag["content"] for tag in Page(page).find("meta") if "http-equiv" in tag)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL).group(1)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL).group(1)
    for kind, content in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_the_head_has_scores_intervals_and_language(report, evaluation):
    page = Page(report.read_text())
    cells = page.texts["td"] + page.texts["th"]
    for name, value in evaluation.scores.items():
        low, high = evaluation.intervals[name]
        assert {name, f"{100 * value:.2f}", f"{100 * low:.2f} to {100 * high:.2f}"} <= set(cells)
    assert {"mean length", "vocabulary", "repeated words", "5.25 words"} <= set(cells)
    assert {"toy", "folder:photos, split dev", "4"} <= set(page.texts["dd"])
    assert page.texts["code"][0] == "looksay x"
    charts = [tag["aria-label"] for tag in page.find("svg")]
    values = 100 * evaluation.details.per_image["CIDEr"]
    assert f"mean {values.mean():.1f}, median {np.median(values):.1f}" in charts[0]
    assert "3 to 7 words, median 5.5" in charts[1] and len(charts) == 2


def test_a_bar_a_length(report):
    titles = Page(report.read_text()).texts["title"]
    assert {"3: 25", "5: 25", "6: 25", "7: 25"} <= set(titles)


def test_very_long_captions_share_the_last_bar(records, about):
    captions = {
        record.name: "a dog " * (30 if record.name == "cat.jpg" else 2) for record in records
    }
    page = report_html(evaluate_captions(records, captions), records, about)
    parsed = Page(page)
    told = parsed.find("svg")[1]["aria-label"]
    assert "4 to 60 words" in told and "40 words and more, up to 60" in told
    assert {"4: 75", "40: 25"} <= set(parsed.texts["title"])


def test_the_training_is_drawn_where_it_is_known(evaluation, records, about):
    history = [{"epoch": e, "loss": 4 - e, "CIDEr-D": 0.2 + 0.1 * (e == 2)} for e in (1, 2, 3)]
    page = report_html(evaluation, records, dataclasses.replace(about, history=tuple(history)))
    told = [tag["aria-label"] for tag in Page(page).find("svg")]
    assert told[2:] == [
        "Training loss: 3.000 in epoch 1, 1.000 in epoch 3.",
        "CIDEr-D on dev by epoch: best 30.0, in epoch 2.",
    ]


def test_the_index_has_captions_references_and_scores(report, evaluation, records):
    index = data_of(report.read_text(), "index")
    assert index["metrics"] == [name for name in evaluation.scores if name != "CIDEr-D"]
    by_name = {record.name: record for record in records}
    rows = {name: row for row, name in enumerate(evaluation.details.images)}
    cider = [picture["scores"][index["metrics"].index("CIDEr")] for picture in index["pictures"]]
    assert len(cider) == 4 and cider == sorted(cider, reverse=True)
    for picture in index["pictures"]:
        record, row = by_name[picture["name"]], rows[picture["name"]]
        assert picture["caption"] == evaluation.captions[record.name]
        assert tuple(picture["references"]) == record.captions
        for metric, score in zip(index["metrics"], picture["scores"], strict=True):
            expected = 100 * evaluation.details.per_image[metric][row]
            assert score == pytest.approx(expected, abs=0.006)


def test_a_thumbnail_is_the_photograph_small(report):
    block = block_of(report.read_text(), "cat.jpg")
    kind, data = block["thumbnail"].split(";base64,")
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.size == (96, 64) == (block["width"], block["height"])
        assert kind == f"data:image/{image.format.lower()}"
        assert np.abs(np.asarray(image.convert("RGB")) - np.array([120, 150, 120.0])).max() < 6


def test_attention_comes_back_as_it_went_in(report, spotlights):
    page = report.read_text()
    looks = block_of(page, "cat.jpg")["looks"]
    assert looks["words"] == ["a", "cat", "sits"]
    assert looks["where"] == ["upper left", "lower right", "upper left"]
    grids = np.frombuffer(base64.b64decode(looks["grids"]), np.uint8).reshape(3, *looks["shape"])
    expected = spotlights(3) / spotlights(3).max(axis=(1, 2), keepdims=True)
    assert np.abs(grids / 255 - expected).max() <= 0.5 / 255
    assert "looks" not in block_of(page, "men.jpg")


def test_attention_over_regions_comes_back_too():
    boxes = np.array([[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]])
    weights = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    looks = pack_looks(["a", "b", "c"], weights, Regions(boxes, ("dog", "")))
    levels = np.frombuffer(base64.b64decode(looks["levels"]), np.uint8).reshape(3, 2)
    assert levels[0].tolist() == [255, 0] and levels[1].tolist() == [0, 255]
    assert levels[2].tolist() == [255, 255] and looks["framed"] == [[0], [1], []]
    assert looks["where"] == ["dog", "lower right", "the whole picture"]
    assert looks["boxes"] == boxes.tolist() and looks["names"] == ["dog", ""]


def test_everything_is_escaped(tmp_path, about):
    path = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(path)
    record = Record(path, (EVIL, "a dog"), EVIL, EVIL)
    evaluation = evaluate_captions([record], {EVIL: EVIL}).with_statistics(resamples=2)
    evil = dataclasses.replace(about, subject=EVIL, data=EVIL, command=EVIL, notes=(EVIL,))
    looks = {EVIL: pack_looks([EVIL], np.ones((1, 2, 2)))}
    page = report_html(evaluation, [record], evil, looks=looks)
    parsed = Page(page)
    assert len(parsed.find("script")) == 3 and not parsed.find("img")
    assert EVIL in parsed.texts["dd"] and EVIL in parsed.texts["code"]
    assert EVIL in parsed.texts["li"] and EVIL in parsed.texts["h1"][0]
    (picture,) = data_of(page, "index")["pictures"]
    assert picture["caption"] == picture["name"] == picture["references"][0] == EVIL
    assert data_of(page, "p0")["looks"]["words"] == [EVIL]


def test_names_that_are_no_unicode_are_shown_as_well_as_can_be(
    tmp_path, records, evaluation, about
):
    odd = dataclasses.replace(about, command="looksay score odd\udcff.json")
    write_report(tmp_path / "r.html", evaluation, records, odd)
    assert "odd?.json" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_picture_that_cannot_be_read_is_a_sentence(evaluation, records, about):
    records[0].image.write_bytes(b"no picture")
    records[1].image.unlink()
    page = report_html(evaluation, records, about)
    assert "holds text, not a picture" in block_of(page, records[0].name)["problem"]
    assert "does not exist" in block_of(page, records[1].name)["problem"]
    assert "thumbnail" in block_of(page, records[2].name)


def test_no_thumbnails_where_none_are_wanted(evaluation, records, about):
    page = report_html(evaluation, records, about, thumbnails=Thumbnails(0))
    assert data_of(page, "p0") == {} and "image/" not in page


def test_a_photograph_that_was_watched_is_not_opened_again(evaluation, records, about):
    thumbnails = Thumbnails(96)
    for record in records[:2]:
        with Image.open(record.image) as photo:
            thumbnails.watch(record.image, photo.convert("RGB"))
        record.image.unlink()
    small = Image.new("RGB", (50, 40))  # smaller than wanted: the file may have more
    thumbnails.watch(records[2].image, small)
    made = list(thumbnails.of(record.image for record in records))
    assert [(one.width, one.height) for one in made] == [(96, 64)] * 4


def test_pictures_that_were_not_scored_are_left_out(evaluation, records, about, tmp_path):
    other = Record(tmp_path / "other.jpg", ("a dog",), "dev")
    index = data_of(report_html(evaluation, [*records, other], about), "index")
    assert len(index["pictures"]) == 4


def test_empty_captions_and_scores_of_zero(records, about):
    captions = {record.name: "" for record in records}
    evaluation = evaluate_captions(records, captions).with_statistics(resamples=0)
    page = report_html(evaluation, records, about)
    assert "from 0.0 to 0.0" in page and "95% interval" not in page
    assert {p["length"] for p in data_of(page, "index")["pictures"]} == {0}


def test_a_thousand_pictures_stay_below_15_megabytes(tmp_path, about, spotlights):
    """Of photographs as rich in detail as thumbnails get: noise over soft shapes."""
    rng = np.random.default_rng(0)
    soft = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).resize((400, 300))
    noise = rng.integers(-25, 26, (300, 400, 3))
    pixels = np.clip(np.asarray(soft) + noise, 0, 255).astype(np.uint8)
    path = tmp_path / "a.jpg"
    Image.fromarray(pixels).save(path, quality=95)
    caption = "a man in a red shirt is standing in front of people"
    records = [Record(path, (caption,) * 5, "dev", f"{i}.jpg") for i in range(50)]
    evaluation = evaluate_captions(records, {r.name: caption for r in records})
    looks = {r.name: pack_looks(caption.split(), spotlights(12)) for r in records}
    num_bytes = write_report(tmp_path / "r.html", evaluation, records, about, looks=looks)
    assert num_bytes == (tmp_path / "r.html").stat().st_size
    alone = len(report_html(evaluation, records[:1], about))
    assert alone + 999 / 49 * (num_bytes - alone) < 15_000_000


def test_a_report_is_there_whole_or_not_at_all(tmp_path, evaluation, records, about):
    path = tmp_path / "deep" / "r.html"
    write_report(path, evaluation, records, about)
    assert [each.name for each in path.parent.iterdir()] == ["r.html"]
    with pytest.raises(DataError, match="cannot be written"):
        write_report(Path(records[0].image) / "r.html", evaluation, records, about)
