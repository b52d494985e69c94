"""Which images an HTML page has, and where exactly a text for each would go."""

from __future__ import annotations

import pytest

from looksay.library.alt_text.pages import find_images


def fill(source: str, text: str = "A dog", name: str = "page.html") -> str:
    """The page with the text put into its only image."""
    (place,) = find_images(source, name).places
    assert place.slot is not None
    return source[: place.slot.start] + place.slot.fill(text) + source[place.slot.end :]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<img src="a.jpg">', '<img src="a.jpg" alt="A dog">'),
        ("<img src='a.jpg'>", "<img src='a.jpg' alt='A dog'>"),
        ("<img src=a.jpg>", '<img src=a.jpg alt="A dog">'),
        ('<img src="a.jpg"/>', '<img src="a.jpg" alt="A dog"/>'),
        ('<img src="a.jpg" />', '<img src="a.jpg" alt="A dog" />'),
        ('<img src="a.jpg"class=x>', '<img src="a.jpg" alt="A dog"class=x>'),
        ('<IMG\r\n  SRC = "a.jpg"\r\n>', '<IMG\r\n  SRC = "a.jpg" ALT="A dog"\r\n>'),
        ('<img alt=a.jpg src="a.jpg">', '<img alt="A dog" src="a.jpg">'),
        ('<img alt = a.jpg src="a.jpg">', '<img alt = "A dog" src="a.jpg">'),
        ('<img ALT="a.jpg" src="a.jpg">', '<img ALT="A dog" src="a.jpg">'),
        ("<img alt='a.jpg' src=\"a.jpg\">", "<img alt='A dog' src=\"a.jpg\">"),
        ("<img alt src='a.jpg'>", "<img alt='A dog' src='a.jpg'>"),
        ('<img alt="1.jpg" src="a.jpg" alt="2.jpg">', '<img alt="A dog" src="a.jpg" alt="2.jpg">'),
        ('<img title="a > b" src="a.jpg">', '<img title="a > b" src="a.jpg" alt="A dog">'),
        ('<img data-src="a.jpg">', '<img data-src="a.jpg" alt="A dog">'),
        (
            '<picture><source srcset="a.webp 2x"><img></picture>',
            '<picture><source srcset="a.webp 2x"><img alt="A dog"></picture>',
        ),
        ("<p>&eacute;&#233;é<img src=a.jpg>", '<p>&eacute;&#233;é<img src=a.jpg alt="A dog">'),
        ("<svg><desc><img src=a></desc></svg>", '<svg><desc><img src=a alt="A dog"></desc></svg>'),
        ("<noscript><img src=a></noscript>", '<noscript><img src=a alt="A dog"></noscript>'),
        ("<pre><img src=a.jpg></pre>", '<pre><img src=a.jpg alt="A dog"></pre>'),
        ("<template><img src=a></template>", '<template><img src=a alt="A dog"></template>'),
        ("<table><img src=a.jpg><tr><td>x", '<table><img src=a.jpg alt="A dog"><tr><td>x'),
        ("<b><p><img src=a.jpg></b>", '<b><p><img src=a.jpg alt="A dog"></b>'),
    ],
)  # fmt: skip
def test_a_text_goes_in_and_everything_else_stays(before, after):
    assert fill(before) == after


def test_signs_that_would_end_the_text_are_escaped():
    text = """Tom & "Jerry's" <cat>"""
    assert fill('<img src="a">', text).count('alt="Tom &amp; &quot;Jerry\'s&quot; &lt;cat&gt;"')
    assert fill("<img src='a'>", text).count("alt='Tom &amp; \"Jerry&#39;s\" &lt;cat&gt;'")


@pytest.mark.parametrize(
    "page",
    [
        "<!-- <img src=a.jpg> -->",
        "<script>document.write('<img src=a.jpg>')</script>",
        "<style>/* <img src=a.jpg> */</style>",
        "<textarea><img src=a.jpg></textarea>",
        "<title><img src=a.jpg></title>",
        '<p title="<img src=a.jpg>">',
        "<svg><image href=a.jpg /></svg>",
        "<?php echo '<img src=a.jpg>' ?>",
        "<?php echo '<img src=a.jpg>';",
        "{% comment %}<img src=a.jpg>{% endcomment %}",
        "{% raw %}<img src=a.jpg>{% endraw %}",
        "{{ '<img src=a.jpg>' }}",
        "<% puts '<img src=a.jpg>' %>",
        "<img src=a.jpg",  # no whole tag
        "",
    ],
)
def test_what_is_no_image_is_none(page):
    assert find_images(page, "page.html").places == ()


@pytest.mark.parametrize(
    "page",
    [
        '<img {% if x > 3 %}alt="x"{% endif %} src="a.jpg">',
        '<img src="a.jpg" alt="{{ text }}">',
        '<img src="a.jpg" <?= $attributes ?>>',
        '<img src="a.jpg" alt="<%= text %>">',
        '<img src="a.jpg" alt=${text}>',
    ],
)
def test_what_a_template_makes_is_known(page):
    (place,) = find_images(page, "page.html").places
    assert place.templated


@pytest.mark.parametrize(
    ("tag", "decorative", "otherwise_named"),
    [
        ('<img src=a alt="">', True, False),
        ("<img src=a alt>", True, False),
        ('<img src=a alt="  ">', True, False),
        ("<img src=a role=presentation>", True, False),
        ('<img src=a role="None">', True, False),
        ("<img src=a aria-hidden=true>", True, False),
        ("<div aria-hidden=true><p><img src=a></div>", True, False),
        ("<img src=a aria-hidden=false>", False, False),
        ("<div hidden><img src=a></div>", False, False),  # a script may show it
        ("<img src=a aria-label=dog>", False, True),
        ("<img src=a aria-labelledby=x>", False, True),
        ("<img src=a aria-label>", False, False),
        ("<img src=a>", False, False),
    ],
)
def test_what_a_page_says_of_an_image(tag, decorative, otherwise_named):
    (place,) = find_images(tag, "page.html").places
    assert (place.decorative, place.otherwise_named) == (decorative, otherwise_named)


@pytest.mark.parametrize(
    ("page", "alone"),
    [
        ("<a href=x><img src=a></a>", True),
        ("<a href=x> <span>\n<img src=a></span></a>", True),
        ("<a href=x><img src=a> to my page</a>", False),
        ("<a href=x><img src=a><img src=b alt=dog></a>", False),
        ("<a href=x aria-label=home><img src=a></a>", False),
        ("<a name=x><img src=a></a>", False),
        ("<img src=a>", False),
    ],
)
def test_an_image_that_is_all_its_link_has_is_known(page, alone):
    assert find_images(page, "page.html").places[0].alone_in_link is alone


def test_addresses_come_likeliest_first():
    page = '<img src="data:," data-src="a.jpg" srcset="b.jpg 1x, c.jpg 2x">'
    (place,) = find_images(page, "page.html").places
    assert place.sources == ("a.jpg", "data:,", "b.jpg")


def test_lines_and_the_base_are_told():
    images = find_images("<base href='/pics/'>\r\n<img src=a>\r<img src=b>\n\n<img src=c>", "p.htm")
    assert [place.line for place in images.places] == [2, 3, 5]
    assert images.base == "/pics/"
