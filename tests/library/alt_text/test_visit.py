"""A site from its pages to their texts, and back into the pages byte by byte."""

from __future__ import annotations

import base64
import os
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from looksay.errors import PageError
from looksay.library.alt_text import Rules, State, visit
from looksay.library.alt_text.report import report_page


def mend(site, captioner, **rules):
    found = visit(site, Rules(**rules))
    found.propose(captioner)
    found.write()
    return found


def states(found) -> dict[str, str]:
    return {finding.source: finding.state.value for finding in found.findings}


def test_each_image_gets_the_state_it_deserves(site, write, captioner):
    write(
        "index.html",
        "<img src=red.jpg><img src=blue.jpg><img src=green.png alt=''><img src=icon.png>"
        "<img src=a.jpg alt='A red fox'><img src='{{ x }}.jpg'><img src=https://e.org/x.jpg>"
        "<img src=gone.jpg width=20 height=20><img src=tall.jpg width=20>",
    )
    (site / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    (site / "draw.svg").write_text("<svg/>")
    write("b.md", "![](broken.jpg) ![](draw.svg) ![A fox](fox.jpg)")
    found = visit(site)
    assert set(states(found).values()) > {"no text"} and captioner.seen == []
    found.propose(captioner)
    assert states(found) == {
        "red.jpg": "ready",
        "blue.jpg": "review",
        "green.png": "decorative",
        "icon.png": "small",
        "a.jpg": "has text",
        "{...}.jpg": "by hand",
        "https://e.org/x.jpg": "by hand",
        "gone.jpg": "small",
        "tall.jpg": "by hand",
        "fox.jpg": "has text",
        "broken.jpg": "by hand",
        "draw.svg": "by hand",
    }
    first = next(finding for finding in found.findings if finding.name == "index.html")
    assert (first.text, first.state) == ("A red picture", State.READY)
    assert first.sure.value == pytest.approx(0.9) and not first.sure.calibrated


def test_an_icon_that_is_all_a_link_has_needs_a_person(site, write):
    write("a.html", "<a href=x><img src=icon.png></a><a href=x>Home<img src=icon.png></a>")
    assert [finding.state for finding in visit(site).findings] == [State.BY_HAND, State.SMALL]


def test_every_distinct_picture_is_captioned_once(site, write, captioner):
    (site / "copy.jpg").write_bytes((site / "red.jpg").read_bytes())
    inline = base64.b64encode((site / "red.jpg").read_bytes()).decode()
    write("a.html", f"<img src=red.jpg><img src=copy.jpg><img src='data:;base64,{inline}'>")
    write("b/c.md", "![](../red.jpg) ![](/copy.jpg)")
    found = mend(site, captioner)
    assert len(captioner.seen) == 1
    assert [finding.state for finding in found.findings] == [State.WRITTEN] * 5


def test_only_the_texts_change_and_a_second_run_finds_nothing(site, write, captioner):
    page = write("a.html", "<p>caf\xe9 &amp;\r\n<img src=red.jpg>\r<b>".encode("latin-1"))
    os.chmod(page, 0o640)
    mend(site, captioner)
    after = '<p>caf\xe9 &amp;\r\n<img src=red.jpg alt="A red picture">\r<b>'.encode("latin-1")
    assert page.read_bytes() == after
    assert stat.S_IMODE(page.stat().st_mode) == 0o640
    changed = page.stat().st_mtime_ns
    again = mend(site, captioner)
    assert [finding.state for finding in again.findings] == [State.HAS_TEXT]
    assert page.stat().st_mtime_ns == changed


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "shift_jis"])
def test_encodings_are_kept(site, write, captioner, encoding):
    head = f"<meta charset='{encoding}'>" if encoding == "shift_jis" else ""
    word = "犬" if encoding in ("shift_jis", "utf-16") else "naïve"
    source = f"{head}<p>{word}</p><img src=red.jpg>"
    page = write("a.html", source.encode(encoding))
    mend(site, captioner)
    expected = source.replace("red.jpg", 'red.jpg alt="A red picture"')
    assert page.read_bytes() == expected.encode(encoding)


def test_a_letter_that_the_encoding_lacks_becomes_a_reference(site, write, captioner):
    page = write("a.html", "<p>na\xefve<img src=red.jpg>".encode("latin-1"))
    found = visit(site)
    found.propose(captioner)
    found.findings = [
        type(finding)(**{**vars(finding), "text": "Ein Wolf 狼"}) for finding in found.findings
    ]
    found.write()
    assert found.problems == []
    assert b'alt="Ein Wolf &#29436;"' in page.read_bytes()


def test_unsure_texts_are_written_only_when_asked(site, write, captioner):
    page = write("a.html", "<img src=blue.jpg>")
    assert mend(site, captioner).findings[0].state is State.REVIEW
    assert page.read_text() == "<img src=blue.jpg>"
    assert mend(site, captioner, min_confidence=0.3).findings[0].state is State.WRITTEN
    page.write_text("<img src=blue.jpg>")
    found = visit(site)
    found.propose(captioner)
    found.write(unsure_too=True)
    assert 'alt="A blue picture"' in page.read_text()


def test_a_page_that_changed_meanwhile_is_left_alone_and_the_others_written(site, write, captioner):
    first, second = write("a.html", "<img src=red.jpg>"), write("b.html", "<img src=red.jpg>")
    found = visit(site)
    found.propose(captioner)
    first.write_text("<img src=red.jpg> more")
    found.write()
    assert first.read_text() == "<img src=red.jpg> more"
    assert "alt=" in second.read_text()
    assert "a.html has changed in the meantime" in str(found.problems[0])
    assert [finding.state for finding in found.findings] == [State.READY, State.WRITTEN]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_page_that_may_not_be_written_says_so(site, write, captioner):
    page = write("deep/a.html", "<img src=/red.jpg>")
    os.chmod(page.parent, 0o555)
    found = mend(site, captioner)
    assert "cannot be written" in str(found.problems[0])


def test_markdowns_empty_text_can_mean_decorative(site, write, captioner):
    write("a.md", "![](red.jpg)")
    found = visit(site, Rules(empty_markdown_is_decorative=True))
    assert [finding.state for finding in found.findings] == [State.DECORATIVE]


def test_hidden_folders_and_other_peoples_packages_are_left_out(site, write):
    for name in (".git/a.html", "node_modules/x/a.html", "docs/.x.md", "a.txt"):
        write(name, "<img src=/red.jpg>")
    write("docs/a.md", "![](../red.jpg)")
    assert [finding.where for finding in visit(site).findings] == ["docs/a.md:1"]


def test_no_site_is_a_sentence(tmp_path):
    with pytest.raises(PageError, match="does not exist"):
        visit(tmp_path / "gone")


def test_the_report_shows_pictures_and_escapes_everything(site, write, captioner):
    write("a.html", "<a href=x><img src=red.jpg alt='red.jpg'></a><img src='<b>.jpg'>")
    found = visit(site)
    found.propose(captioner)
    page = report_page(found.findings, "<site>")
    assert page.count("data:image/jpeg;base64,") == 1
    assert "A red picture" in page and "&lt;b&gt;.jpg" in page and "<b>.jpg" not in page
    assert "&lt;site&gt;" in page and "all that its link has" in page and "https:" not in page


# Pages made of everything that pages are made of, whole and torn.
PIECES = st.sampled_from(
    [
        "<img src=red.jpg>",
        "<IMG SRC='red.jpg'/>",
        '<img alt=IMG_1.jpg src="blue.jpg"\r\n>',
        "<img\nalt='image' src=green.png>",
        "![](red.jpg)",
        "![IMG_1](blue.jpg 'x')",
        "![image][r]",
        "<a href=x>",
        "</a>",
        "<!-- ",
        " -->",
        "<script>",
        "</script>",
        "{{ x }}",
        "{% if y > 2 %}",
        "<?php ",
        " ?>",
        "```",
        "`",
        "> ",
        "- ",
        "    ",
        "|",
        "<table><tr><td>",
        "<pre>",
        "<textarea>",
        "<svg>",
        "\r\n",
        "\n",
        "\n\n[r]: red.jpg\n\n",
        "&amp;",
        "\ufeff",
        "é",
        "<",
        '"',
        "'",
        "\\",
        "]",
        "\0",
        "\x0c",
        "text",
    ]
)


@pytest.mark.parametrize("name", ["a.html", "a.md"])
@given(pieces=st.lists(PIECES, max_size=25), encoding=st.sampled_from(["utf-8", "latin-1"]))
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_a_page_is_nothing_but_texts_changes(site, captioner, name, pieces, encoding):
    before = "".join(pieces).encode(encoding, "replace")
    page = site / name
    page.write_bytes(before)
    found = visit(site)
    found.propose(captioner)
    found.write(unsure_too=True)
    after = page.read_bytes()
    # What went in comes out again, and leaves the page as it was.
    undone = after
    inserted = [f for f in found.findings if f.state is State.WRITTEN]
    for finding in reversed(inserted):
        undone = take_out(undone, before, finding, encoding)
    assert undone == before
    again = visit(site)
    assert not any(finding.key for finding in again.findings) or found.problems


def take_out(after: bytes, before: bytes, finding, encoding: str) -> bytes:
    """The bytes with one text taken out again; the slots before it are still filled."""
    slot = finding.place.slot
    text = before.decode(encoding, "surrogateescape")
    filled = slot.fill(finding.text).encode()
    tail = text[slot.end :].encode(encoding, "surrogateescape")
    assert after.endswith(filled + tail)
    original = text[slot.start :].encode(encoding, "surrogateescape")
    return after[: len(after) - len(filled + tail)] + original
