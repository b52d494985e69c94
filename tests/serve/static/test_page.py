"""A picture comes in, its caption comes out, and the words show where the model looked."""

from __future__ import annotations

import base64
import io
import json
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from looksay.pictures import overlay as python_overlay

WAYS = ("drop", "pick", "paste", "example", "camera")


def bring(page, helpers, way):
    """The photograph of the dog, by one of the ways in."""
    photo = helpers.photographs / "dog.jpg"
    if way == "drop":
        helpers.drop(page, photo)
    elif way == "pick":
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a photograph").click()
        assert chooser.value.is_multiple()
        chooser.value.set_files(photo)
    elif way == "camera":
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Take a photograph").tap()
        chooser.value.set_files(photo)
    elif way == "example":
        page.get_by_role("button", name="a dog").click()
    else:
        copy_picture(page, photo)
        page.keyboard.press("Control+V")
    helpers.settle(page)


def copy_picture(page, path):
    """Puts a picture on the browser's clipboard, which takes PNG."""
    png = io.BytesIO()
    Image.open(path).save(png, "PNG")
    page.evaluate(
        """async text => {
            const bytes = Uint8Array.from(atob(text), sign => sign.charCodeAt(0));
            const blob = new Blob([bytes], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
        }""",
        base64.b64encode(png.getvalue()).decode(),
    )


@pytest.mark.parametrize("way", WAYS)
def test_each_way_in_gives_the_models_caption(way, visit, helpers, captioner):
    page = visit(has_touch=way == "camera", is_mobile=way == "camera")
    bring(page, helpers, way)
    expected = captioner(helpers.photographs / "dog.jpg", beam_size=5)
    assert helpers.words(page) == list(expected.words)
    assert page.locator(".stage img").get_attribute("alt") == expected.text


def test_the_camera_is_offered_where_there_may_be_one(visit):
    page = visit(has_touch=True, is_mobile=True)
    assert page.get_by_role("button", name="Take a photograph").is_visible()
    assert page.locator("#shot").get_attribute("capture") == "environment"
    assert not visit().get_by_role("button", name="Take a photograph").is_visible()


def test_tab_to_a_word_lights_the_photograph(say, helpers):
    page = say()
    stage = page.locator(".stage")
    before = stage.screenshot()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.words') !== null"):
            break
    assert page.locator(".words button").first.evaluate("word => word === document.activeElement")
    first = helpers.overlay(page)
    assert stage.screenshot() != before
    page.keyboard.press("Tab")
    assert np.abs(helpers.overlay(page).astype(int) - first).max() > 20
    page.keyboard.press("Escape")
    assert stage.screenshot() == before


@pytest.mark.parametrize("name", ("dog", "photographer"))
def test_the_light_is_that_of_looksays_other_pictures(name, say, helpers, captioner):
    path = helpers.photographs / f"{name}.jpg"
    page = say(path)
    attention = captioner(path, beam_size=5).attention
    for index, grid in enumerate(attention):
        page.locator(".words button").nth(index).hover()
        expected = np.asarray(python_overlay(path, grid)).astype(int)
        difference = np.abs(helpers.overlay(page) - expected)
        assert difference.mean() < 1.5 and np.quantile(difference, 0.999) < 12


def test_pointing_tapping_and_keys(say):
    page = say()
    stage, words = page.locator(".stage"), page.locator(".words button")
    lit = lambda: "lit" in stage.get_attribute("class")  # noqa: E731
    words.nth(2).hover()
    assert lit() and "dog: looked at " in page.locator(".where p").text_content()
    page.locator(".head h2").hover()
    assert not lit()
    words.nth(2).click()
    page.locator(".head h2").hover()
    assert lit() and words.nth(2).get_attribute("aria-pressed") == "true"
    words.nth(2).click()
    page.mouse.move(5, 5)
    assert words.nth(2).get_attribute("aria-pressed") == "false"
    words.nth(2).focus()
    page.keyboard.press("ArrowRight")
    assert words.nth(3).evaluate("word => word === document.activeElement")
    page.keyboard.press("Escape")
    assert not lit()


def test_a_tap_lights_a_word_on_a_telephone(say, helpers):
    page = say(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    page.locator(".words button").nth(2).tap()
    assert "lit" in page.locator(".stage").get_attribute("class")
    assert helpers.overlay(page).std() > 10


def test_play_goes_through_the_words_and_ends(say):
    page = say(reduced_motion="no-preference")
    page.clock.install(time=datetime(2026, 1, 1))
    page.clock.pause_at(datetime(2026, 1, 2))  # a slow machine must not play on
    play = page.locator(".play")
    play.click()
    seen = []
    for _ in range(20):
        lit = page.locator(".words button.on").all_text_contents()
        if not lit:
            break
        seen += lit
        page.clock.run_for(900)
    assert seen == page.locator(".words button").all_text_contents()
    assert play.text_content() == "Play"


def test_the_caption_appears_word_by_word_and_is_said_once(visit, helpers):
    page = visit(reduced_motion="no-preference")
    page.evaluate("""() => {
        window.said = []; window.most = [];
        const note = () => {
            for (const live of document.querySelectorAll("[role=status]"))
                if (live.textContent) window.said.push(live.textContent);
        };
        new MutationObserver(note).observe(
            document.body, { subtree: true, childList: true, characterData: true });
        setInterval(() => window.most.push([...document.querySelectorAll(".words button")]
            .filter(word => getComputedStyle(word).opacity > 0.5).length), 100);
    }""")
    bring(page, helpers, "pick")
    words, shown = helpers.words(page), page.evaluate("window.most")
    growing = [count for count in shown if count]
    assert growing == sorted(growing) and len(set(growing)) > len(words) / 2
    page.wait_for_timeout(200)
    said = set(page.evaluate("window.said"))
    hint = page.locator(".where p").text_content()
    assert said - {hint} == {f"dog.jpg: {' '.join(words)}."}


def test_reduced_motion_moves_nothing(visit, helpers):
    page = visit(reduced_motion="reduce")
    page.evaluate("""() => {
        window.moved = false;
        setInterval(() => { window.moved ||= !!document.querySelector(".telling, .lit"); }, 5);
    }""")
    bring(page, helpers, "pick")
    page.wait_for_timeout(300)
    assert page.evaluate("window.moved") is False
    assert page.evaluate("document.getAnimations().length") == 0


def test_several_pictures_are_a_list_with_the_bad_one_in_it(say, helpers, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("no picture")
    page = say(helpers.photographs / "car.jpg", notes, helpers.photographs / "dog.jpg")
    cards = page.locator(".result")
    assert [cards.nth(i).locator("h2").text_content() for i in range(3)] == [
        "car.jpg",
        "notes.txt",
        "dog.jpg",
    ]
    assert "holds text, not a picture" in cards.nth(1).locator(".problem").text_content()
    assert cards.nth(2).locator(".words button").count() > 3
    helpers.drop(page, helpers.photographs / "astronaut.jpg")
    helpers.settle(page, 4)
    assert cards.first.locator("h2").text_content() == "astronaut.jpg"
    page.get_by_role("button", name="Remove notes.txt").click()
    assert cards.count() == 3


def test_a_new_picture_cancels_the_one_in_work(visit, helpers):
    page = visit()
    stopped = []
    page.on("requestfailed", lambda sent: stopped.append(sent.failure))
    page.route("**/v1/captions*", lambda route: None, times=1)  # never answered
    page.set_input_files("#files", str(helpers.photographs / "car.jpg"))
    with page.expect_event("requestfailed"):
        page.set_input_files("#files", str(helpers.photographs / "dog.jpg"))
    helpers.settle(page)
    assert stopped == ["net::ERR_ABORTED"]
    assert page.locator(".head h2").all_text_contents()[-1] == "dog.jpg"
    assert page.locator(".result").count() == 1


def test_beam_and_temperature_reach_the_model(say, helpers):
    page = say()
    page.get_by_text("Options", exact=True).click()
    with page.expect_request("**/v1/captions*") as sent:
        page.get_by_label("Beam").fill("2")
    assert "beam=2" in sent.value.url and "num_captions=2" in sent.value.url
    helpers.settle(page)
    assert page.locator(".others li").count() == 1
    with page.expect_request("**/v1/captions*") as sent:
        page.get_by_label("by chance").check()
    assert "sample=true" in sent.value.url and "temperature=0.7" in sent.value.url
    helpers.settle(page)
    with page.expect_request("**/v1/captions*") as sent:
        page.get_by_label("Temperature").fill("1.2")
    assert "temperature=1.2" in sent.value.url and "beam" not in sent.value.url
    helpers.settle(page)
    with page.expect_response("**/v1/captions*") as answer:
        page.get_by_role("button", name="Caption again").click()
    assert answer.value.ok
    helpers.settle(page)
    assert page.locator(".result").count() == 1


def test_confidence_is_shown_where_the_service_tells_it(visit, helpers):
    page = visit()

    def sure(route):
        answer = route.fetch()
        told = json.loads(answer.text())
        told["captions"][0]["confidence"] = 0.734
        told["captions"][0]["alternatives"][0]["confidence"] = 0.21
        route.fulfill(response=answer, json=told)

    page.route("**/v1/captions*", sure)
    helpers.give(page, "dog.jpg", (helpers.photographs / "dog.jpg").read_bytes())
    helpers.settle(page)
    assert page.locator(".said > .sure").text_content().strip() == "73 % sure"
    told = page.locator(".others .sure").all_text_contents()
    assert told[0] == "21 % sure"
    assert told[1].endswith("times as likely as the first")


def test_names_and_words_are_text_and_no_markup(visit, helpers):
    page = visit()
    evil = '<img src="x" onerror="document.title=1">'

    def answer(route):
        told = json.loads(route.fetch().text())
        record = told["captions"][0]
        record["words"][2] = evil
        record["alternatives"][0]["caption"] = evil
        route.fulfill(json=told)

    page.route("**/v1/captions*", answer)
    helpers.give(page, f"{evil}.jpg", (helpers.photographs / "dog.jpg").read_bytes())
    helpers.settle(page)
    assert helpers.words(page)[2] == evil
    assert page.locator(".head h2").last.text_content() == f"{evil}.jpg"
    assert page.locator(".result img").count() == 1 and page.title() == "looksay"
