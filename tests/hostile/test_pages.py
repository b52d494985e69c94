"""Pages made to keep a reader busy take no longer than their size says, and change no byte."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("justhtml", reason="the extra alt-text")
pytest.importorskip("markdown_it", reason="the extra alt-text")

from looksay.errors import PageError  # noqa: E402
from looksay.library.alt_text.pages import find_images, open_page  # noqa: E402

from .conftest import HANG_SECONDS  # noqa: E402

IMAGE = "<img src=a.jpg>"
PAGES = {  # each of some 100 kB to half a megabyte
    "link.html": "<a href=x>" + IMAGE * 8000,
    "deep.html": "<div>" * 10_000 + IMAGE * 5000,
    "hidden.html": f"<div aria-hidden=true>{IMAGE}" * 5000,
    "attributes.html": "<img " + " ".join(f"a{n}=1" for n in range(20_000)) + ">",
    "formatting.html": "<b><i><a href=x>" * 3000 + IMAGE + "</p>" * 3000,
    "tables.html": "<table><tr><td>" * 5000 + IMAGE,
    "comments.html": IMAGE + "<!--" * 50_000,
    "quote.html": IMAGE + '<img src="' * 8000,
    "erb.html": IMAGE + "<%" * 40_000,
    "php.html": IMAGE + "<?" * 40_000,
    "liquid.html": IMAGE + "{% comment %}" * 8000,
    "hugo.html": IMAGE + "{{< highlight" * 8000,
    "mustache.html": IMAGE + "{{" * 40_000,
    "jinja.html": IMAGE + "{#" * 40_000,
    "percent.html": IMAGE + "{%" * 40_000,
    "dollar.html": IMAGE + "${" * 40_000,
    "zero.html": IMAGE + "\0" * 40_000 + IMAGE,
    "directions.html": "<img src=a.jpg alt='\u202eevil\u202c' onerror=alert(1)>" * 2000,
    "front.md": "---\n" * 15_000 + "![a](b.jpg)",
    "brackets.md": "![" * 6000,
    "nested.md": "![" * 2000 + "](" * 2000 + ")",
    "quotes.md": ">" * 50_000 + "![a](b)",
    "lists.md": "".join("  " * n + "* a\n" for n in range(300)) + "![a](b)",
    "stars.md": "![a](b)" + "*a_ " * 8000,
    "references.md": "".join(f"[r{n}]: x\n" for n in range(3000)) + "![a][r1]" * 3000,
    "table.md": "|" * 8000 + "\n" + "|-" * 8000 + "|\n![a](b)",
    "tags.md": "x <img src=a>" * 3000,
}


@pytest.mark.parametrize("name", PAGES)
def test_it_takes_no_longer_than_its_size_says(name):
    text, began = PAGES[name], time.process_time()
    for place in find_images(text, name).places:
        if place.slot is not None:
            place.slot.fill("a dog")
    assert time.process_time() - began < HANG_SECONDS


def test_thousands_of_images_around_which_things_stand():
    places = find_images(PAGES["link.html"], "a.html").places
    assert len(places) == 8000 and all(place.alone_in_link for place in places)  # none says a word
    assert all(place.decorative for place in find_images(PAGES["hidden.html"], "a.html").places)
    mixed = find_images(
        '<a href=x><img src=a></a> <a href=y><img src=b> <img src=c alt=""> </a>'
        "<a href=z>text <img src=d></a> <a href=q><img src=e alt=w> <img src=f></a>",
        "a.html",
    ).places
    assert [place.alone_in_link for place in mixed] == [True, True, True, False, True, False]


def test_brackets_that_never_end_are_a_sentence(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("![a](b.jpg)\n\n" + "![" * 60_000)
    with pytest.raises(PageError, match=r"page\.md cannot be looked at: it has 60,000 brackets"):
        open_page(page, "page.md")
    page.write_text("![a](b.jpg) [x]\n\n" * 3000 + "[" * 3000)
    assert len(open_page(page, "page.md").images.places) == 3000
