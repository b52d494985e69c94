"""The search tab, over a small library of photographs with captions written by hand."""

from __future__ import annotations

import base64
import io
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looksay.library import Library

LIBRARY_TESTS = Path(__file__).resolve().parents[2] / "library"
MARKED = "a 🐕 dog runs <b>fast</b> on grass"
CAPTIONS = {
    "dog.jpg": MARKED,
    "photographer.jpg": "a man with a camera in a field",
    "car.jpg": "a racing car on a track",
    "astronaut.jpg": ["a woman in an orange suit", "an astronaut before a flag"],
}
MANY = 60
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="session")
def make_library(tmp_path_factory):
    sys.path.insert(0, str(LIBRARY_TESTS))
    from by_hand import ByHand, Updating, save_photo

    def make(captions, photographs: Path | None = None) -> Library:
        folder = tmp_path_factory.mktemp("library")
        for seed, name in enumerate(captions):
            if photographs:
                (folder / "named").mkdir(exist_ok=True)
                shutil.copy(photographs / name, folder / "named" / name)
            else:
                save_photo(folder / "named" / name, seed)
        Updating(folder / "photos.db", folder / "named", ByHand(captions))()
        return Library(folder / "photos.db")

    return make


@pytest.fixture(scope="session")
def library(make_library):
    photographs = Path(__file__).resolve().parents[3] / "src" / "looksay" / "demo"
    return make_library(CAPTIONS, photographs)


@pytest.fixture(scope="session")
def many(make_library):
    return make_library({f"{number}.jpg": f"a bird number {number}" for number in range(MANY)})


@pytest.fixture
def open_search(start, visit, library):
    """Opens the page on the search tab, with these words or none."""

    def open_tab(words="", of=library, settings=None, **options):
        url = start(library=of, **(settings or {})).url
        page = visit(f"{url}#search" + (f"={words}" if words else ""), **options)
        page.locator("#pages").wait_for()
        return page

    return open_tab


def found(page, count: int) -> list[str]:
    """The texts of so many photographs, when all of their thumbnails are there."""
    from playwright.sync_api import expect

    tiles = page.locator("#found li")
    expect(tiles).to_have_count(count)
    expect(page.locator("#found[aria-busy=false]")).to_have_count(1)
    expect(page.locator("#found img[src^=blob]")).to_have_count(count)
    return [text.strip() for text in tiles.all_text_contents()]


def said(page) -> str:
    page.wait_for_timeout(100)
    return page.locator("#announcer").text_content()


def test_without_a_library_there_is_no_tab(visit, service):
    page = visit(f"{service.url}#search=dog")
    page.locator("#about").wait_for()
    assert not page.locator("#pages").is_visible() and not page.locator("#finder").is_visible()
    assert page.get_by_role("button", name="Choose a photograph").is_visible()


def test_from_the_tab_to_a_photograph_as_one_types(start, visit, library):
    page = visit(start(library=library).url)
    page.get_by_role("link", name="Search").click()
    assert page.get_by_role("link", name="Search").get_attribute("aria-current") == "page"
    assert page.evaluate("document.activeElement.id") == "query"
    assert not page.locator("#intake").is_visible() and page.title() == "Search – looksay"
    page.keyboard.type("camera")
    assert found(page, 1) == ["a man with a camera in a field"]
    assert page.locator("#found mark").all_text_contents() == ["camera"]
    assert page.locator("#total").text_content() == "1 photograph" and said(page) == "1 photograph."
    assert page.url.endswith("#search=camera")
    page.get_by_role("link", name="Caption").click()
    assert page.get_by_role("button", name="Choose a photograph").is_visible()
    page.go_back()
    assert found(page, 1) and page.locator("#query").input_value() == "camera"


def test_a_link_leads_to_what_was_searched_for(open_search):
    page = open_search("dog+OR+car")
    assert len(found(page, 2)) == 2
    assert page.locator("#query").input_value() == "dog OR car"
    page.evaluate("location.hash = '#search=woman'")
    assert found(page, 1) == ["a woman in an orange suit"]


def test_marks_are_made_of_text_and_count_characters(open_search):
    page = open_search("dog+grass")
    assert found(page, 1) == [MARKED]
    assert page.locator("#found mark").all_text_contents() == ["dog", "grass"]
    assert page.locator("#found b").count() == 0


def test_the_other_caption_that_was_found(open_search):
    page = open_search("flag")
    assert found(page, 1) == ["an astronaut before a flag"]
    page.locator("#found button").click()
    assert page.locator("#viewer .caption").text_content() == "a woman in an orange suit"


def test_the_thumbnail_is_of_that_photograph(open_search, library):
    page = open_search("dog")
    found(page, 1)
    uri = page.evaluate(
        """async () => {
            const image = document.querySelector("#found img");
            await image.decode();
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL();
        }"""
    )
    (dog,) = library.search("dog").photographs
    shown = Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB")
    made = Image.open(io.BytesIO(library.thumbnail(dog.id, side=480)))
    assert shown.size == made.size and max(made.size) == 480
    difference = np.abs(np.asarray(shown, float) - np.asarray(made, float))
    assert difference.mean() < 2  # decoders of JPEG round differently


def test_more(open_search, many):
    page = open_search("bird", many)
    first = found(page, 24)
    assert page.locator("#total").text_content() == "60 photographs"
    assert said(page) == "60 photographs, 24 of them are shown."
    page.get_by_role("button", name="Show more").press("Enter")
    assert found(page, 48)[:24] == first
    assert page.evaluate(
        "document.activeElement === document.querySelectorAll('#found button')[24]"
    )
    page.get_by_role("button", name="Show more").click()
    assert len(set(found(page, 60))) == 60
    assert not page.get_by_role("button", name="Show more").is_visible()
    assert said(page) == "60 photographs."


def test_nothing_found_and_nothing_asked(open_search):
    page = open_search("zebra")
    page.locator("#total", has_text="No photograph’s caption has “zebra”.").wait_for()
    assert "zebra" in said(page) and not page.locator("#more").is_visible()
    page.locator("#query").fill('"')
    page.locator("#unfound", has_text="There is no word to search for").wait_for()
    assert not page.get_by_role("button", name="Try again").is_visible()
    page.locator("#query").fill("")
    page.locator("#unfound").wait_for(state="hidden")
    assert page.locator("#total").text_content() == "" and page.url.endswith("#search")


def test_only_the_last_words_count(open_search):
    """The answer to the first words comes after that to the second."""
    page = open_search()
    asked = []
    page.route("**/v1/search?q=dog*", lambda route: asked.append(route))
    page.locator("#query").fill("dog")
    page.locator("#query").press("Enter")
    page.wait_for_function("document.querySelector('#found').ariaBusy === 'true'")
    page.locator("#query").fill("car")
    assert found(page, 1) == ["a racing car on a track"]
    page.wait_for_timeout(300)
    assert len(asked) == 1 and found(page, 1) == ["a racing car on a track"]


def test_typing_asks_once(open_search):
    page, asked = open_search(), []
    page.on("request", lambda sent: "/v1/search" in sent.url and asked.append(sent.url))
    page.locator("#query").press_sequentially("camera", delay=20)
    found(page, 1)
    assert len(asked) == 1 and "q=camera" in asked[0]


def test_a_photograph_large_and_where_the_model_looked(open_search, helpers):
    page = open_search("dog")
    found(page, 1)
    page.locator("#found button").press("Enter")
    viewer = page.get_by_role("dialog", name=MARKED)
    viewer.get_by_role("img", name=MARKED).wait_for()
    assert page.evaluate("document.querySelector('#viewer img').naturalWidth") > 480
    assert "dog.jpg" in viewer.text_content()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    viewer.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.closest('#found') !== null")
    page.keyboard.press("Enter")
    viewer.get_by_role("button", name="Show where the model looked").click()
    helpers.settle(page)
    assert "dog" in helpers.words(page) and not page.locator("#finder").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "dog.jpg"
    page.locator(".words button").first.hover()
    page.locator(".stage.lit").wait_for()
    page.go_back()
    assert found(page, 1) == [MARKED]


def test_a_photograph_opened_again_at_once(open_search):
    """The browser tells of a closed window late: the photograph of the next one stays."""
    page = open_search("dog")
    found(page, 1)
    page.locator("#found button").press("Enter")
    viewer = page.get_by_role("dialog", name=MARKED)
    look = viewer.get_by_role("button", name="Show where the model looked", disabled=False)
    look.wait_for()
    page.evaluate(
        """() => {
          document.getElementById("viewer").close();
          document.querySelector("#found button").click();
        }"""
    )
    look.wait_for()
    viewer.get_by_role("img", name=MARKED).wait_for()
    page.wait_for_timeout(500)
    assert look.is_enabled()


def test_a_file_that_is_gone(start, visit, make_library):
    vanished = make_library({"a.jpg": "a lost dog"})
    (vanished.path.parent / "named" / "a.jpg").unlink()
    page = visit(f"{start(library=vanished).url}#search=dog")
    page.locator(".thumb[data-problem='The file is gone']").wait_for()
    page.locator("#found button").click()
    page.locator("#viewer [role=status]", has_text="file is gone").wait_for()
    assert page.get_by_role("button", name="Show where the model looked").is_disabled()
    page.get_by_role("button", name="Close").click()


def test_a_failed_search_can_be_tried_again(open_search):
    page = open_search()
    page.route("**/v1/search*", lambda route: route.fulfill(status=503), times=1)
    page.locator("#query").fill("dog")
    page.locator("#unfound", has_text="The service is busy").wait_for()
    assert said(page).startswith("The service is busy")
    page.get_by_role("button", name="Try again").press("Enter")
    assert found(page, 1) and not page.locator("#unfound").is_visible()
    assert page.evaluate("document.activeElement.id") == "query"


def test_more_that_fails_keeps_what_is_there(open_search, many):
    page = open_search("bird", many)
    first = found(page, 24)
    page.route("**/v1/search*", lambda route: route.fulfill(status=500), times=1)
    page.get_by_role("button", name="Show more").press("Enter")
    again = page.get_by_role("button", name="Try again")
    again.wait_for()
    assert found(page, 24) == first
    again.press("Enter")
    assert found(page, 48)[:24] == first and not again.is_visible()


def test_a_key_opens_the_search(start, visit, library):
    url = start(library=library, api_keys=("correct horse",)).url
    page = visit(f"{url}#search=dog")
    field = page.get_by_label("This service asks for an API key")
    field.fill("correct horse")
    field.press("Enter")
    assert found(page, 1) == [MARKED]
    page.locator("#found button").click()
    page.locator("#viewer .explain:enabled").wait_for()


def test_a_photograph_dropped_on_the_search_is_captioned(open_search, helpers):
    page = open_search("dog")
    found(page, 1)
    helpers.drop(page, helpers.photographs / "car.jpg")
    helpers.settle(page)
    assert page.locator(".words").is_visible() and not page.locator("#finder").is_visible()


@pytest.mark.parametrize("scheme", ("light", "dark"))
@pytest.mark.parametrize("screen", ({}, PHONE), ids=("desktop", "phone"))
def test_axe_finds_nothing(scheme, screen, open_search):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="browser-test")
    page = open_search(color_scheme=scheme, **screen)

    def check(state):
        results = axe.Axe().run(page)
        assert len(results.response["passes"]) > 10
        assert results.violations_count == 0, f"{state}: {results.generate_report()}"

    check("empty")
    page.locator("#query").fill("dog OR car")
    found(page, 2)
    check("found")
    page.locator("#found button").first.click()
    page.locator("#viewer .explain:enabled").wait_for()
    check("one")
    page.keyboard.press("Escape")
    page.locator("#query").fill("zebra")
    page.locator("#total", has_text="No photograph’s caption").wait_for()
    check("none")
    page.route("**/v1/search*", lambda route: route.fulfill(status=500))
    page.locator("#query").fill("cat")
    page.locator("#unfound").wait_for()
    check("problem")


@pytest.mark.parametrize("width", (320, 390, 768))
def test_nothing_is_wider_than_the_screen(width, open_search, make_library):
    long = make_library({"long_name_" * 18 + ".jpg": "a " + "very" * 60 + " dog"})
    size = {"viewport": {"width": width, "height": 800}, "is_mobile": True, "has_touch": True}
    page = open_search("dog", long, **size)
    found(page, 1)
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= width
    for button in page.locator("button:visible, nav a:visible").all():
        box = button.bounding_box()
        assert box["height"] >= 36 and box["width"] >= 24, button.text_content()
    page.locator("#found button").click()
    page.locator("#viewer .explain:enabled").wait_for()
    assert page.evaluate(wide) <= width
    assert page.evaluate("document.querySelector('#viewer').scrollWidth") <= width
    page.keyboard.press("Escape")
    page.locator("#query").fill("w" * 300)
    page.locator("#total", has_text="No photograph’s caption").wait_for()
    assert page.evaluate(wide) <= width
