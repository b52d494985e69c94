"""The report in a real browser: it sorts, filters, turns pages and lights words, from the keyboard,
and asks nothing of the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looksay.data import Record
from looksay.evaluation import evaluate_captions
from looksay.evaluation.report import Thumbnails, pack_looks, write_report
from looksay.pictures.regions import Regions

sync_api = pytest.importorskip("playwright.sync_api")

# Where on a canvas a word's light is: the centre of what is drawn, as shares; null of an empty one.
CENTRE = """canvas => {
  const [w, h] = [canvas.width, canvas.height];
  const data = canvas.getContext("2d").getImageData(0, 0, w, h).data;
  let x = 0, y = 0, sum = 0;
  for (let i = 0; i < w * h; i++) {
    const alpha = data[4 * i + 3];
    x += alpha * (i % w); y += alpha * Math.floor(i / w); sum += alpha;
  }
  return sum ? [x / sum / w, y / sum / h] : null;
}"""


@pytest.fixture
def open_page(browser):
    """`open_page(path)` shows a file; at the end nothing may have gone wrong or been asked for."""
    pages, wrong = [], []

    def open_page(path: Path, **options):
        page = browser.new_page(**options)
        page.on("request", lambda request: _note(request.url, path, wrong))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: _note_fault(message, wrong))
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert wrong == []


def _note(url: str, path: Path, wrong: list[str]) -> None:
    if url != path.as_uri() and not url.startswith("data:"):
        wrong.append(url)


def _note_fault(message, wrong: list[str]) -> None:
    if message.type == "error":  # what the page's policy forbids, for one
        wrong.append(message.text)


def names(page) -> list[str]:
    return [text.split(" ", 1)[1] for text in page.locator("#pictures h3").all_inner_texts()]


def expect_names(page, expected: list[str]) -> None:
    """The pictures that are shown once the page has caught up, in their order."""
    ranked = [f"#{rank} {name}" for rank, name in enumerate(expected, start=1)]
    sync_api.expect(page.locator("#pictures h3")).to_have_text(ranked)


def test_best_median_worst_and_any_order(open_page, report, evaluation):
    page = open_page(report)
    cider = dict(zip(evaluation.details.images, evaluation.details.per_image["CIDEr"], strict=True))
    best = sorted(cider, key=lambda name: -cider[name])
    worst = sorted(best, key=lambda name: cider[name])
    assert best[0] == "beach/dog.jpg" != worst[0]
    expect_names(page, best)
    page.get_by_label("Worst first").check()
    expect_names(page, worst)
    page.get_by_label("Median first").check()
    last = page.locator("#pictures h3").last  # of four, farthest from the mean of the middle two
    sync_api.expect(last).to_have_text("#4 beach/dog.jpg")
    page.get_by_label("Sort by").select_option("Caption's length")
    page.get_by_label("Shortest first").check()
    expect_names(page, ["cat.jpg", "men.jpg", "beach/dog.jpg", "ball.jpg"])
    page.get_by_label("Sort by").select_option("Name")
    page.get_by_label("A to Z").check()
    expect_names(page, ["ball.jpg", "beach/dog.jpg", "cat.jpg", "men.jpg"])


def test_words_and_ranges_choose_pictures(open_page, report):
    page = open_page(report)
    page.get_by_label("With the words").fill("A Sofa")
    expect_names(page, ["cat.jpg"])
    assert page.locator("#count").inner_text() == "1 of 4 pictures, shown: 1 to 1."
    assert page.locator("mark").all_inner_texts() == ["a", "sofa", "a", "sofa"]
    where = page.get_by_label("Look in")
    where.select_option("caption")
    sync_api.expect(page.locator("#count")).to_have_text(
        "No picture is like that. Change the words or the range."
    )
    page.get_by_label("With the words").fill("sit")
    expect_names(page, ["men.jpg"])
    where.select_option("references-only")
    expect_names(page, ["cat.jpg"])
    where.select_option("caption-only")
    expect_names(page, ["men.jpg"])
    page.get_by_role("button", name="Clear").click()
    assert len(names(page)) == 4
    page.get_by_label("Range of").select_option("Caption's length")
    page.locator("[name=low]").fill("4")
    page.locator("[name=high]").fill("6")
    expect_names(page, ["beach/dog.jpg", "men.jpg"])


def test_a_focused_word_lights_where_the_model_looked(open_page, report):
    page = open_page(report)
    card = page.locator(".card").first
    canvas = card.locator("canvas").element_handle()
    assert page.evaluate(CENTRE, canvas) is None
    card.locator("button").first.focus()
    sync_api.expect(card.locator(".where")).to_have_text("a: upper left")
    page.wait_for_function(f"canvas => ({CENTRE})(canvas) !== null", arg=canvas)
    x, y = page.evaluate(CENTRE, canvas)
    assert x < 0.3 and y < 0.3
    page.keyboard.press("ArrowRight")
    sync_api.expect(page.locator("#said")).to_have_text("dog: lower right")
    x, y = page.evaluate(CENTRE, canvas)
    assert x > 0.7 and y > 0.7 and card.locator(".lit").count() == 1
    page.keyboard.press("Enter")
    assert card.locator("[aria-pressed=true]").all_inner_texts() == ["dog"]
    page.keyboard.press("Tab")  # to the next picture's caption; what is pinned stays lit
    assert (
        page.evaluate("document.activeElement.closest('.card').querySelector('h3').textContent")[:2]
        == "#2"
    )
    assert card.locator(".lit").count() == 1
    plain = page.locator(".card", has_text="men.jpg")
    assert plain.locator("canvas, button").count() == 0
    assert "men sit at a table" in plain.inner_text()


def test_regions_are_lit_and_framed(open_page, tmp_path, records, about):
    captions = {record.name: "a dog" for record in records}
    boxes = Regions(np.array([[0, 0, 0.4, 0.4], [0.6, 0.6, 1, 1]]), ("dog", "ball"))
    looks = {
        name: pack_looks(["a", "dog"], np.array([[1, 0], [0, 1.0]]), boxes) for name in captions
    }
    path = tmp_path / "regions.html"
    write_report(path, evaluate_captions(records, captions), records, about, looks=looks)
    page = open_page(path)
    card = page.locator(".card").first
    card.locator("button").nth(1).hover()
    sync_api.expect(card.locator(".where")).to_have_text("dog: ball")
    canvas = card.locator("canvas").element_handle()
    page.wait_for_function(f"canvas => ({CENTRE})(canvas) !== null", arg=canvas)
    x, y = page.evaluate(CENTRE, canvas)
    assert x > 0.6 and y > 0.6
    card.locator("h3").hover()
    sync_api.expect(card.locator(".lit")).to_have_count(0)


def test_evil_captions_are_text(open_page, tmp_path, about):
    path = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(path)
    evil = "</script><script>document.title = 'gone'</script><img src=x onerror=alert(1)>"
    record = Record(path, (evil,), "dev", evil)
    evaluation = evaluate_captions([record], {evil: evil})
    write_report(tmp_path / "r.html", evaluation, [record], about)
    page = open_page(tmp_path / "r.html")
    assert page.title() == "toy on folder:photos, dev"
    assert page.locator(".card img").count() == 1
    assert page.locator("p.caption").inner_text() == evil
    assert page.locator(".references li").inner_text() == evil


def test_many_pictures_come_by_the_page_and_fit_a_phone(open_page, tmp_path, records, about):
    many = [Record(records[0].image, ("a dog",), "dev", f"{i}.jpg") for i in range(120)]
    evaluation = evaluate_captions(many, {record.name: "a dog" for record in many})
    write_report(tmp_path / "r.html", evaluation, many, about, thumbnails=Thumbnails(32))
    page = open_page(tmp_path / "r.html", viewport={"width": 360, "height": 640})
    assert len(names(page)) == 50 and names(page)[0] == "0.jpg"
    page.get_by_role("button", name="Next").first.click()
    page.get_by_role("button", name="Next").last.click()
    assert names(page) == [f"{i}.jpg" for i in range(100, 120)]
    assert page.locator(".page").first.inner_text() == "Page 3 of 3"
    assert page.get_by_role("button", name="Next").first.is_disabled()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
