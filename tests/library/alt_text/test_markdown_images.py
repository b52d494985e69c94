"""Which images a Markdown page has, and where exactly a text for each would go."""

from __future__ import annotations

import pytest

from looksay.library.alt_text.pages import find_images


def fill(source: str, text: str = "A dog") -> str:
    """The page with the text put into every image."""
    parts, done = [], 0
    for place in find_images(source, "page.md").places:
        assert place.slot is not None
        parts += [source[done : place.slot.start], place.slot.fill(text)]
        done = place.slot.end
    return "".join([*parts, source[done:]])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("![](a.jpg)", "![A dog](a.jpg)"),
        ('![IMG_1](a.jpg "title")', '![A dog](a.jpg "title")'),
        ("![](<a b.jpg>)", "![A dog](<a b.jpg>)"),
        ("![][ref]\n\n[ref]: a.jpg", "![A dog][ref]\n\n[ref]: a.jpg"),
        ("![ref]\n\n[ref]: a.jpg", "![A dog][ref]\n\n[ref]: a.jpg"),
        ("![ref][]\r\n\r\n[ref]: a.jpg", "![A dog][ref]\r\n\r\n[ref]: a.jpg"),
        ("# Title ![](a.jpg) #", "# Title ![A dog](a.jpg) #"),
        ("> > quoted\n> > ![](a.jpg)", "> > quoted\n> > ![A dog](a.jpg)"),
        ("- one\n\n  - two ![](a.jpg)", "- one\n\n  - two ![A dog](a.jpg)"),
        ("1.\t![](a.jpg)\n\ttext ![](b.jpg)", "1.\t![A dog](a.jpg)\n\ttext ![A dog](b.jpg)"),
        ("|a|b|\n|-|-|\n|![](a)|![](a)|", "|a|b|\n|-|-|\n|![A dog](a)|![A dog](a)|"),
        ("[![](a.jpg)](page)", "[![A dog](a.jpg)](page)"),
        ("a ![](a.jpg)\r\nb ![](b.jpg)\r\n", "a ![A dog](a.jpg)\r\nb ![A dog](b.jpg)\r\n"),
        ("![img\n1](a.jpg)", "![A dog](a.jpg)"),
        ("*![](a.jpg)* **![](b.jpg)**", "*![A dog](a.jpg)* **![A dog](b.jpg)**"),
        ("<p>\n<img src=a.jpg>\n</p>", '<p>\n<img src=a.jpg alt="A dog">\n</p>'),
        ("> <p>\n> <img src=a.jpg>", '> <p>\n> <img src=a.jpg alt="A dog">'),
        ("inline <img src=a.jpg> here", 'inline <img src=a.jpg alt="A dog"> here'),
        ("---\nimage: '![](x)'\n---\n![](a.jpg)", "---\nimage: '![](x)'\n---\n![A dog](a.jpg)"),
        ("\ufeff![](a.jpg)", "\ufeff![A dog](a.jpg)"),
    ],
)
def test_a_text_goes_in_and_everything_else_stays(before, after):
    assert fill(before) == after


@pytest.mark.parametrize(
    "page",
    [
        "```\n![](a.jpg)\n```",
        "~~~html\n<img src=a.jpg>\n~~~",
        "    ![](a.jpg)",
        "`![](a.jpg)`",
        "\\![](a.jpg)",
        "<!-- ![](a.jpg) <img src=a.jpg> -->",
        "{% highlight html %}\n<img src=a.jpg>\n{% endhighlight %}",
        "{{< highlight md >}}\n![](a.jpg)\n{{< /highlight >}}",
        "![no reference]",
        "[](a.jpg)",
    ],
)
def test_what_is_no_image_is_none(page):
    assert find_images(page, "page.md").places == ()


def test_signs_that_mean_something_are_escaped_and_read_back():
    text = r"A [dog] *runs* & `jumps` \ <b> | _x_ ![y]"
    edited = fill("![](a.jpg)", text)
    assert [place.alt for place in find_images(edited, "page.md").places] == [text]


def test_a_templated_address_is_known_as_such():
    (place,) = find_images("![]({{ site.url }}/a.jpg)", "page.md").places
    assert "\ue000" in place.sources[0]


def test_an_image_alone_in_a_link_is_known():
    page = "[![](a.jpg)](x) [![](b.jpg) more](y) [<img src=c.jpg>](z)"
    places = find_images(page, "page.md").places
    assert [place.alone_in_link for place in places] == [True, False, True]


def test_what_cannot_be_placed_has_no_slot():
    """The cell's text is not the source's: the bar in it was escaped."""
    page = "|a|\n|-|\n|x \\| ![](a.jpg)|"
    (place,) = find_images(page, "page.md").places
    assert place.slot is None and place.line == 3
