"""Searching, thumbnails and the contact sheet."""

from __future__ import annotations

import concurrent.futures
import hashlib
import html.parser
import io
import json
import os
import re
import urllib.parse
from pathlib import Path

import pytest
from PIL import Image

from looksay.errors import ImageError, LibraryError, UnknownPhotographError, UsageError
from looksay.library import Library
from looksay.library.sheet import contact_sheet
from looksay.library.snippet import CLOSE, OPEN, cut_snippet

CAPTIONS = {
    "man.jpg": "a man walks on a beach",
    "both.jpg": "a brown dog runs on the beach",
    "dog.jpg": ["a dog", "an animal on a lawn"],
    "ball.jpg": "a child throws a red ball",
    "kind.jpg": "ein Kind spielt am Strand",
    "狗.jpg": "一只狗在海滩上奔跑",
}


@pytest.fixture
def library(named):
    return named(CAPTIONS)


def names(results):
    return [photograph.paths[0].name for photograph in results.photographs]


def test_all_words_come_before_some(library):
    results = library.search("dog on a beach")
    assert names(results)[0] == "both.jpg" and set(names(results)) == {
        "both.jpg",
        "man.jpg",
        "dog.jpg",
    }
    assert [photograph.whole for photograph in results.photographs] == [True, False, False]
    assert results.total == 3


def test_other_languages_are_found_and_shown_as_written(library):
    (kind,) = library.search("Kinder strand").photographs
    assert kind.caption == "ein Kind spielt am Strand" and not kind.whole  # only half of it
    (dog,) = library.search("海滩").photographs
    assert dog.snippet.text == dog.caption == CAPTIONS["狗.jpg"]
    assert [dog.caption[first:last] for first, last in dog.snippet.matches] == ["海滩"]


def test_the_snippet_says_where_the_words_are(library):
    first = library.search("dogs beaches").photographs[0]
    assert [first.caption[a:b] for a, b in first.snippet.matches] == ["dog", "beach"]
    assert first.snippet.mark("<", ">") == "a brown <dog> runs on the <beach>"


def test_another_caption_of_the_photograph_is_found_too(library):
    (found,) = library.search("lawn").photographs
    assert found.caption == "a dog" and found.snippet.mark("<", ">") == "an animal on a <lawn>"
    assert found.to_json()["alternatives"][0]["caption"] == "an animal on a lawn"


def test_exclusion_alone_leaves_the_others(library):
    results = library.search("-dog -狗")
    assert set(names(results)) == {"man.jpg", "ball.jpg", "kind.jpg"} and results.total == 3


def test_pages_fit_together(library):
    everything = names(library.search("dog beach ball"))
    pages = [names(library.search("dog beach ball", 1, offset)) for offset in range(4)]
    assert [name for page in pages for name in page] == everything and len(everything) == 4
    beyond = library.search("dog beach ball", 5, 100)
    assert beyond.photographs == () and beyond.total == 4
    assert library.search("elephant").total == 0


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (-1, 0), (10**6, 0), (1, -1), (1, 2**63)])
def test_senseless_pages_are_refused(library, limit, offset):
    with pytest.raises(UsageError):
        library.search("dog", limit, offset)


def test_the_record_is_plain_json(library):
    record = library.search("dog beach", 1).to_json()
    again = json.loads(json.dumps(record))
    assert again == record and again["photographs"][0]["matches"] == [[8, 11], [24, 29]]


def test_thumbnails_are_upright_and_small(named, tmp_path):
    folder = tmp_path / "named"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side: what is stored on the left is shown on top
    picture = Image.new("RGB", (400, 200), "blue")
    picture.paste("red", (0, 0, 200, 200))
    picture.save(folder / "turned.jpg", exif=exif, quality=95)
    library = named({})
    (found,) = library.search("turned").photographs
    thumbnail = Image.open(io.BytesIO(library.thumbnail(found.id, side=100)))
    assert (found.width, found.height) == (200, 400)
    assert thumbnail.size == (50, 100) and not thumbnail.getexif()
    assert thumbnail.getpixel((25, 10))[0] > 200 and thumbnail.getpixel((25, 90))[2] > 200


def test_the_digest_of_a_photograph(library):
    (found,) = library.search("ball").photographs
    assert library.digest(found.id) == hashlib.sha256(found.paths[0].read_bytes()).hexdigest()


def test_a_thumbnail_of_what_is_not_there(library):
    (found,) = library.search("ball").photographs
    for number in (999, 0, -1, 10**30):
        for ask in (library.thumbnail, library.digest):
            with pytest.raises(UnknownPhotographError, match=f"no photograph {number}"):
                ask(number)
    with pytest.raises(UsageError):
        library.thumbnail(found.id, side=100_000)
    found.paths[0].unlink()
    with pytest.raises(ImageError, match="does not exist"):
        library.thumbnail(found.id)


def test_many_threads_search_at_once(library):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: names(library.search("dog beach")), range(50)))
    assert all(one == found[0] for one in found)


def test_a_very_long_caption_is_cut_around_the_words():
    text = "word " * 100 + f"a {OPEN}dog{CLOSE} and" + " word" * 100
    snippet = cut_snippet(text, "")
    assert len(snippet.text) <= 202 and snippet.text.startswith("…") and snippet.text.endswith("…")
    assert [snippet.text[a:b] for a, b in snippet.matches] == ["dog"]


class Page(html.parser.HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.images, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append(tag)
        self.links += [values["href"]] if "href" in values else []
        self.images += [values["src"]] if "src" in values else []
        assert not any(name.startswith("on") for name in values)

    def handle_data(self, data):
        self.text += data


def test_the_contact_sheet_holds_all_it_shows(library):
    results = library.search("dog beach")
    text = contact_sheet(library, "dog beach", results)
    page = Page(text)
    assert len(page.images) == 3 and all(src.startswith("data:image/jpeg;") for src in page.images)
    paths = [Path(urllib.parse.unquote(link.removeprefix("file://"))) for link in page.links]
    assert paths == [photograph.paths[0] for photograph in results.photographs]
    assert page.tags.count("mark") == 4 and "With some of the words" in page.text
    assert not re.search(r"https?://", text)


def test_the_contact_sheet_escapes_everything(named):
    evil = "<script>alert(1)</script>"
    name = '"><img src=x onerror=alert(1)>.jpg'
    odd = os.fsdecode(b"caf\xe9 & co.jpg")
    try:
        library = named({name: f"a dog {evil}", odd: "a dog", "gone <b>.jpg": "a dog"})
    except OSError:
        pytest.skip("this file system has no such names")
    next(path for path in (library.path.parent / "named").iterdir() if "gone" in path.name).unlink()
    text = contact_sheet(library, f"dog {evil}", library.search("dog"))
    page = Page(text)
    assert "script" not in page.tags and "b" not in page.tags and len(page.images) == 2
    assert evil in page.text and name in page.text
    assert text.encode()  # no odd bytes
    encoded = [link for link in page.links if "caf%E9%20%26%20co.jpg" in link]
    assert len(encoded) == 1


def test_there_is_no_library_where_there_is_none(tmp_path):
    with pytest.raises(LibraryError, match="looksay index PHOTOS"):
        Library(tmp_path / "photos.db")
