"""Everybody can use it: axe, the keyboard alone, narrow screens, dark and light."""

from __future__ import annotations

import pytest

SCREENS = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "is_mobile": True,
        "has_touch": True,
    },
}
STATES = ("empty", "options", "captioned", "lit", "problem", "key")  # one after the other


def reach(page, state, helpers):
    """Brings the page from the state before into this one."""
    if state == "empty":
        page.locator("#about").wait_for()
    elif state == "options":
        page.get_by_text("Options", exact=True).click()
        page.get_by_label("by chance").check()
    elif state == "captioned":
        page.set_input_files("#files", str(helpers.photographs / "dog.jpg"))
        helpers.settle(page)
    elif state == "lit":
        page.locator(".words button").nth(2).click()
    elif state == "problem":
        helpers.give(page, "notes.txt", b"text", "text/plain")
        helpers.settle(page, 2)
    else:
        refused = {"status": 401, "json": {"detail": "A key."}}
        page.route("**/v1/captions*", lambda route: route.fulfill(**refused))
        page.set_input_files("#files", str(helpers.photographs / "car.jpg"))
        helpers.settle(page, 3)


@pytest.mark.parametrize("scheme", ("light", "dark"))
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing(scheme, screen, visit, helpers):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="browser-test")
    page = visit(color_scheme=scheme, **SCREENS[screen])
    for state in STATES:
        reach(page, state, helpers)
        results = axe.Axe().run(page)
        assert len(results.response["passes"]) > 10
        assert results.violations_count == 0, f"{state}: {results.generate_report()}"


@pytest.mark.parametrize("width", (320, 390, 768))
def test_nothing_is_wider_than_the_screen(width, visit, helpers):
    page = visit(viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True)
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= width
    name = "a_name_without_a_break_" * 8 + ".jpg"
    helpers.give(page, name, (helpers.photographs / "dog.jpg").read_bytes())
    page.get_by_text("Options", exact=True).click()
    helpers.settle(page)
    assert page.evaluate(wide) <= width
    helpers.give(page, name, b"text", "text/plain")
    helpers.settle(page, 2)
    assert page.evaluate(wide) <= width


def test_what_one_taps_is_large_enough(say):
    page = say(**SCREENS["phone"])
    for button in page.locator("button:visible, summary:visible").all():
        box = button.bounding_box()
        assert box["height"] >= 36 and box["width"] >= 24, button.text_content()


def test_all_of_it_from_the_keyboard(visit, helpers):
    page = visit()

    def tab_to(selector, most=40):
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return
        raise AssertionError(f"Tab does not reach {selector}")

    tab_to("#examples button")
    page.keyboard.press("Enter")
    helpers.settle(page)
    tab_to("summary")
    page.keyboard.press("Enter")
    tab_to("#beam")
    with page.expect_request("**/v1/captions*") as sent:
        page.keyboard.press("ArrowLeft")
    assert "beam=4" in sent.value.url
    helpers.settle(page)
    tab_to(".words button")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid" and "lit" in page.locator(".stage").get_attribute("class")
    page.keyboard.press("Enter")
    tab_to("[data-copy=alt]")
    assert "lit" in page.locator(".stage").get_attribute("class")  # Enter pinned it
    page.keyboard.press("Enter")
    page.locator("[data-copy=alt][data-done]").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith('alt="')
    page.keyboard.press("Shift+Tab")
    tab_to(".download")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_the_keyboards_place_is_kept_when_buttons_go(visit, helpers):
    page = visit()
    focused = "document.activeElement.textContent.trim()"
    page.route("**/v1/captions*", lambda route: route.fulfill(status=500), times=1)
    page.set_input_files("#files", str(helpers.photographs / "dog.jpg"))
    helpers.settle(page)
    page.get_by_role("button", name="Try again").press("Enter")
    assert page.evaluate(focused) == "dog.jpg"
    page.locator(".words button").first.wait_for()
    helpers.give(page, "notes.txt", b"text", "text/plain")
    helpers.settle(page, 2)
    page.get_by_role("button", name="Remove notes.txt").press("Enter")
    assert page.evaluate(focused) == "dog.jpg"
    page.get_by_role("button", name="Remove dog.jpg").press("Enter")
    assert page.evaluate(focused) == "Choose a photograph"


def test_the_words_are_a_named_list_of_buttons(say):
    page = say()
    words = page.get_by_role("list", name="The caption, word by word")
    assert words.get_by_role("listitem").count() == words.get_by_role("button").count() > 3
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("img", name="a brown dog").count() >= 1
