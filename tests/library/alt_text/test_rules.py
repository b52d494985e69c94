"""Texts that are none, addresses and where they lead, and the wording of a text."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from looksay.library.alt_text.addresses import Unseen, locate
from looksay.library.alt_text.file_names import names_a_file
from looksay.library.alt_text.masking import mask_templates
from looksay.library.wording import to_alt_text


@pytest.mark.parametrize(
    ("alt", "source"),
    [
        ("dog.jpg", "img/dog.jpg"),
        ("DOG.JPG", "img/dog.jpg?v=2"),
        ("my dog.jpg", "img/my%20dog.jpg"),
        ("other.PNG", "x.jpg"),
        ("red_bicycle", "red_bicycle.jpg"),
        ("red-bicycle-2", "red-bicycle-2.jpg"),
        ("IMG_1234", "x.jpg"),
        ("DSC0001", "x.jpg"),
        ("PXL_20240101_101010", "x.jpg"),
        ("WhatsApp Image 2024-01-01 at 10.10.10", "x.jpg"),
        ("Screenshot 2024-01-01 (3)", "x.png"),
        ("20240101", "x.jpg"),
        ("3f2a9c1b-77aa-4bcd", "x.jpg"),
        ("image", "x.jpg"),
        ("Photo", "x.jpg"),
        ("untitled", "x.jpg"),
        ("Alt text", "x.jpg"),
    ],
)
def test_a_files_name_is_no_description(alt, source):
    assert names_a_file(alt, (source,))


@pytest.mark.parametrize(
    ("alt", "source"),
    [
        ("Dog", "dog.jpg"),
        ("Red bicycle", "red-bicycle.jpg"),
        ("A dog on a beach", "IMG_1.jpg"),
        ("The menu saves it as report.jpg", "menu.png"),
        ("Figure skating", "x.jpg"),
        ("Photo of the year 2020", "x.jpg"),
        ("Picasso", "x.jpg"),
        ("Deadbeef", "x.jpg"),
        ("7 dwarfs", "x.jpg"),
        ("Ein Bild", "x.jpg"),
        ("犬", "x.jpg"),
    ],
)
def test_what_a_person_may_have_written_stays(alt, source):
    assert not names_a_file(alt, (source,))


@pytest.mark.parametrize(
    ("source", "base", "goal"),
    [
        ("red.jpg", "", "red.jpg"),
        ("red.jpg?x=1#y", "", "red.jpg"),
        ("./red%2Ejpg", "", "red.jpg"),
        ("/pics/blue.jpg", "", "pics/blue.jpg"),
        ("/made/by.jpg", "", "static/made/by.jpg"),
        ("blue.jpg", "/pics/", "pics/blue.jpg"),
        ("../site/red.jpg", "", "red.jpg"),
        ("/../red.jpg", "", "red.jpg"),
        ("/a/../../pics/blue.jpg", "", "pics/blue.jpg"),
    ],
)
def test_addresses_lead_to_files_of_the_site(tmp_path, source, base, goal):
    site = tmp_path / "site"
    for name in ("red.jpg", "pics/blue.jpg", "static/made/by.jpg"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(b"x")
    (tmp_path / "red.jpg").write_bytes(b"secret")
    found = locate((source,), base, site / "page.html", site)
    assert found == (site / goal).resolve()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("https://example.org/a.jpg", "another server"),
        ("//example.org/a.jpg", "another server"),
        ("../secret.jpg", "out of the site"),
        ("link.jpg", "out of the site"),
        ("..%2Fsecret.jpg", "out of the site"),
        ("file:///etc/passwd", "file:"),
        ("cid:1", "cid:"),
        ("gone.jpg", "no file"),
        ("#top", "names no picture"),
        ("http://[broken", "no address"),
        ("a%00b.jpg", "zero byte"),
        ("x" * 5000, ""),
        ("\ue000/a.jpg", "template"),
        ("data:image/svg+xml,<svg/>", "SVG"),
        ("data:image/png;base64,????", "damaged"),
    ],
)
def test_what_is_not_looked_at_has_its_reason(tmp_path, source, reason):
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "secret.jpg").write_bytes(b"x")
    os.symlink(tmp_path / "secret.jpg", site / "link.jpg")
    found = locate((source,), "", site / "page.html", site)
    assert isinstance(found, Unseen) and reason in found.reason


def test_an_address_can_hold_its_picture_and_the_first_that_leads_somewhere_counts():
    address = "data:image/png;base64," + base64.b64encode(b"bytes").decode()
    here = Path("/nowhere/page.html")
    assert locate(("gone.jpg", address), "", here, here.parent) == b"bytes"
    assert isinstance(locate((), "", here, here.parent), Unseen)


@pytest.mark.parametrize(
    ("caption", "max_length", "text"),
    [
        ("a brown dog runs through the grass .", 125, "A brown dog runs through the grass"),
        ("a picture of a dog", 125, "A dog"),
        ("a black and white photo of two men", 125, "Two men"),
        ("this is an image of a cat", 125, "A cat"),
        ("a photographer on a lawn", 125, "A photographer on a lawn"),
        ("pictures of home", 125, "Home"),
        ("a dog on a beach", 10, "A dog"),
        ("a dog in front of the house", 25, "A dog in front"),
        ("a dog sits", 10, "A dog sits"),
        ("élan", 125, "Élan"),
        ("一只狗在草地上奔跑。", 5, "一只狗在草"),
        ("一只狗。", 125, "一只狗"),
        ("一只 dog 在草地上奔跑", 9, "一只 dog 在草"),
        ("一只 dog 在草地上奔跑", 7, "一只 dog"),
        ("on the", 5, ""),
        ("", 125, ""),
    ],
)
def test_the_wording_of_a_text(caption, max_length, text):
    assert to_alt_text(caption, max_length) == text
    assert len(text) <= max_length


def test_masking_keeps_every_place_and_line():
    page = "---\na: 1\n---\n{{ a }}\n<%= b\n c %> x {% if y %}\r\n<?php z"
    masked = mask_templates(page)
    assert len(masked) == len(page)
    assert [c for c in masked if c in "\r\n"] == [c for c in page if c in "\r\n"]
    assert masked.count("x") == 1 and "a" not in masked and "php" not in masked
