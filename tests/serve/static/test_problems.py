"""What goes wrong is told in a sentence, and what may go better can be tried again."""

from __future__ import annotations

import json

import pytest

HEIC = b"\x00\x00\x00\x18ftypheic" + bytes(200)


@pytest.mark.parametrize(
    ("name", "kind", "content", "said"),
    (
        ("notes.txt", "text/plain", b"hello there", "notes.txt holds text, not a picture"),
        ("letter.pdf", "application/pdf", b"%PDF-1.7 ...", "letter.pdf is a PDF document"),
        ("empty.jpg", "image/jpeg", b"", "empty.jpg is empty (0 bytes)"),
        ("IMG_1.HEIC", "image/heic", HEIC, "IMG_1.HEIC is a HEIC picture"),
        (
            "drawing.svg",
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "SVG drawing",
        ),
        ("noise.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(50), "noise.png is "),
        ("page.jpg", "image/jpeg", b"<!doctype html><html>", "holds a web page"),
    ),
)
def test_a_file_that_is_no_picture(name, kind, content, said, visit, helpers):
    page = visit()
    helpers.give(page, name, content, kind)
    helpers.settle(page)
    problem = page.locator(".problem p")
    assert said in problem.text_content() and problem.is_visible()
    assert not page.get_by_role("button", name="Try again").is_visible()
    page.wait_for_timeout(100)
    assert page.locator("#announcer").text_content() == problem.text_content()


def test_a_cut_photograph(visit, helpers):
    page = visit()
    helpers.give(page, "cut.jpg", (helpers.photographs / "dog.jpg").read_bytes()[:20_000])
    helpers.settle(page)
    assert "cut.jpg is truncated" in page.locator(".problem p").text_content()


def test_a_film_is_not_sent(visit, helpers):
    page = visit()
    helpers.give(page, "holiday.mp4", bytes(100), "video/mp4")
    assert page.locator("#notice").text_content().startswith("holiday.mp4 is not a picture")
    assert page.locator(".result").count() == 0


def test_a_dropped_folder(visit, helpers, tmp_path):
    page = visit()
    helpers.drop(page, tmp_path)
    page.locator("#notice", has_text="A folder cannot be dropped here").wait_for()
    assert page.locator(".result").count() == 0


def test_dropped_text(visit):
    page = visit()
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.setData("text/uri-list", "https://example.org/photo.jpg");
        document.body.dispatchEvent(
            new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }""")
    assert "save the picture first" in page.locator("#notice").text_content()


def test_a_busy_service_is_asked_again(visit, helpers):
    page, asked = visit(), []

    def busy_twice(route):
        asked.append(route.request)
        if len(asked) > 2:
            route.continue_()
            return
        body = {"title": "Too Many Requests", "status": 429, "detail": "The server is full."}
        route.fulfill(
            status=429,
            headers={"Retry-After": "1"},
            content_type="application/problem+json",
            body=json.dumps(body),
        )

    page.route("**/v1/captions*", busy_twice)
    page.set_input_files("#files", str(helpers.photographs / "dog.jpg"))
    page.get_by_text("The service is busy; trying again in 1 s").wait_for()
    helpers.settle(page)
    assert len(asked) == 3 and len(helpers.words(page)) > 3


def test_a_service_that_stays_busy_says_so(visit, helpers):
    page = visit()
    body = {"title": "Too Many Requests", "status": 429, "detail": "Try again in 0 s."}
    page.route(
        "**/v1/captions*",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "0"}, json=body),
    )
    page.set_input_files("#files", str(helpers.photographs / "dog.jpg"))
    helpers.settle(page)
    assert page.locator(".problem p").text_content() == "Try again in 0 s."
    page.unroute("**/v1/captions*")
    page.get_by_role("button", name="Try again").click()
    page.locator(".words button").first.wait_for()


def test_a_key_is_asked_for_and_used(start, visit, helpers):
    page = visit(start(api_keys=("correct horse",)).url)
    field = page.get_by_label("This service asks for an API key")
    field.fill("wrong battery")
    field.press("Enter")
    page.get_by_text("does not know that key").wait_for()
    page.set_input_files("#files", str(helpers.photographs / "dog.jpg"))
    helpers.settle(page)
    assert "key" in page.locator(".problem p").text_content().lower()
    field.fill("correct horse")
    page.get_by_role("button", name="Use it").click()
    page.locator(".words button").first.wait_for()
    assert not field.is_visible()
    assert (
        page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    )


def test_a_service_that_is_gone(start, visit, helpers):
    running = start()
    page = visit(running.url)
    running.stop()
    page.set_input_files("#files", str(helpers.photographs / "dog.jpg"))
    helpers.settle(page)
    assert "The service does not answer" in page.locator(".problem p").text_content()
    assert page.get_by_role("button", name="Try again").is_visible()


def test_the_servers_own_fault(visit, helpers):
    page = visit()
    page.route("**/v1/captions*", lambda route: route.fulfill(status=500, body="<h1>oops</h1>"))
    page.set_input_files("#files", str(helpers.photographs / "dog.jpg"))
    helpers.settle(page)
    assert page.locator(".problem p").text_content() == "The service could not do it (status 500)."
