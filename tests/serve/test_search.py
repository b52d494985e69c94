"""Searching in a photo library over HTTP, over a small library made by hand."""

from __future__ import annotations

import io
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image

from looksay.library import Library
from looksay.serve import search

from .conftest import client_of, is_problem, running, wait_until

CAPTIONS = {
    "a dog.jpg": "a brown dog runs along the beach",
    "b.jpg": "a dog catches a red ball",
    "sub/c.jpg": ["a girl in a red dress", "a dog beside a girl"],
    "d.jpg": "two surfers on a wave",
    "bad\udcff.jpg": "a cat on a café table 🐈 cat",
}
KEY = {"Authorization": "Bearer a-key-of-mine"}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with photos.db and the photographs; one of them is larger than the rest."""
    from by_hand import ByHand, Updating, save_photo

    folder = tmp_path_factory.mktemp("library")
    for seed, name in enumerate(CAPTIONS):
        save_photo(folder / "named" / name, seed)
    large = Image.effect_noise((800, 600), 90)
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    large.save(folder / "named" / "d.jpg", exif=exif)
    by_hand = ByHand({Path(name).name: said for name, said in CAPTIONS.items()})
    Updating(folder / "photos.db", folder / "named", by_hand)()
    return folder


@pytest.fixture(scope="module")
def client(captioner, made):
    with running(captioner, library=Library(made / "photos.db")) as url, client_of(url) as one:
        yield one


@pytest.fixture
def copy(made, tmp_path) -> Path:
    """A database of one's own to spoil."""
    shutil.copy(made / "photos.db", tmp_path / "photos.db")
    return tmp_path / "photos.db"


def find(client, **query) -> dict:
    answer = client.get("/v1/search", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def number_of(client, words: str) -> int:
    return find(client, q=words)["photographs"][0]["id"]


def test_the_best_come_first_with_the_places_of_the_words(client):
    answer = find(client, q="dog beach")
    assert answer["total"] == 3
    first, *rest = answer["photographs"]
    assert first["caption"] == "a brown dog runs along the beach" and first["whole"]
    assert [first["snippet"][a:b] for a, b in first["matches"]] == ["dog", "beach"]
    assert {each["image"] for each in rest} == {"b.jpg", "c.jpg"}
    assert not any(each["whole"] for each in rest)


def test_an_answer_is_as_described(client):
    jsonschema = pytest.importorskip("jsonschema")
    validator = pytest.importorskip("openapi_spec_validator")
    description = client.get("/openapi.json").json()
    validator.validate(description)
    get = description["paths"]["/v1/search"]["get"]
    assert {parameter["name"] for parameter in get["parameters"]} == {"q", "limit", "offset"}
    schema = get["responses"]["200"]["content"]["application/json"]["schema"]
    schema["properties"]["photographs"]["items"]["additionalProperties"] = False
    jsonschema.validate(find(client, q="dog"), schema)


def test_no_path_of_the_server_is_told(client, made):
    for words in ("dog", "surfers", "cat", "-zebra"):
        answer = client.get("/v1/search", params={"q": words})
        assert made.name not in answer.text and "named" not in answer.text
        assert "copies" not in answer.json()["photographs"][0]


def test_a_files_name_that_is_no_unicode(client):
    (found,) = find(client, q="cat")["photographs"]
    assert found["image"] == "bad\ufffd.jpg"
    assert [found["snippet"][a:b] for a, b in found["matches"]] == ["cat", "cat"]


def test_pages_of_results(client):
    whole = [each["id"] for each in find(client, q="-zebra")["photographs"]]
    assert len(whole) == len(CAPTIONS)
    pages = [find(client, q="-zebra", limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [page["total"] for page in pages] == [len(CAPTIONS)] * 4
    assert [each["id"] for page in pages for each in page["photographs"]] == whole


@pytest.mark.parametrize("query", ["", "q=", "q=%20", "q=%22%22", "q=-", "q=...", "q=%ff"])
def test_nothing_to_search_for(client, query):
    is_problem(client.get(f"/v1/search?{query}"), 400, "no word to search for")


@pytest.mark.parametrize("words", ['"', "dog OR", "NEAR(", "*", "caption:dog", "a\0b", "';--", "é"])
def test_no_query_breaks_it(client, words):
    answer = client.get("/v1/search", params={"q": words})
    assert answer.status_code in (200, 400), answer.text


def test_a_query_that_is_far_too_long(client):
    is_problem(client.get("/v1/search", params={"q": "dog " * 300}), 400, "shorten it")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": search.MAX_RESULTS + 1}, "limit"),
        ({"limit": "all"}, "limit"),
        ({"offset": -1}, "offset"),
        ({"offset": 2**53}, "offset"),
        ({"page": 2}, "no option 'page'"),
    ],
)
def test_options_that_make_no_sense(client, query, said):
    is_problem(client.get("/v1/search", params={"q": "dog", **query}), 422, said)


def test_a_thumbnail_is_small_and_upright(client):
    number = number_of(client, "surfers")
    for query, size in (("", (240, 320)), ("?side=80", (60, 80)), ("?side=2048", (600, 800))):
        answer = client.get(f"/v1/photographs/{number}/thumbnail{query}")
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == size and image.format == "JPEG"


def test_a_thumbnail_is_kept_by_its_asker_only(client, monkeypatch):
    path = f"/v1/photographs/{number_of(client, 'surfers')}/thumbnail"
    first = client.get(path)
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["cross-origin-resource-policy"] == "same-origin"
    tag = first.headers["etag"]
    assert client.get(f"{path}?side=64").headers["etag"] != tag
    monkeypatch.delattr(Library, "thumbnail")  # known by its tag, it is not drawn again
    again = client.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 304 and not again.content and again.headers["etag"] == tag


def test_the_same_number_in_another_library_is_another_picture(captioner, client, tmp_path):
    from by_hand import Updating, save_photo

    save_photo(tmp_path / "other" / "x.jpg", 99)
    Updating(tmp_path / "photos.db", tmp_path / "other")()
    with (
        running(captioner, library=Library(tmp_path / "photos.db")) as url,
        client_of(url) as other,
    ):
        tags = [one.get("/v1/photographs/1/thumbnail").headers["etag"] for one in (client, other)]
    assert tags[0] != tags[1]


@pytest.mark.parametrize("number", [0, -1, 999, 2**63, 10**30])
def test_a_number_that_is_not_there(client, number):
    is_problem(client.get(f"/v1/photographs/{number}/thumbnail"), 404, f"no photograph {number}.")


@pytest.mark.parametrize("query", ["side=15", "side=2049", "side=big", "sides=1"])
def test_a_size_that_makes_no_sense(client, query):
    is_problem(client.get(f"/v1/photographs/1/thumbnail?{query}"), 422, "side")


def test_a_number_that_is_none(client):
    is_problem(client.get("/v1/photographs/dog/thumbnail"), 422, "id")


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"\xff\xd8cut")])
def test_a_file_that_has_gone(captioner, tmp_path, spoil):
    from by_hand import Updating, save_photo

    photo = save_photo(tmp_path / "private" / "a.jpg", 1)
    Updating(tmp_path / "photos.db", tmp_path / "private")()
    spoil(photo)
    with (
        running(captioner, library=Library(tmp_path / "photos.db")) as url,
        client_of(url) as client,
    ):
        problem = is_problem(client.get("/v1/photographs/1/thumbnail"), 410, "looksay index")
    assert "private" not in problem["detail"]


def test_a_database_that_breaks_while_it_is_served(captioner, copy, caplog):
    with running(captioner, library=Library(copy)) as url, client_of(url) as client:
        assert find(client, q="dog")["total"] == 3
        copy.write_bytes(b"something else")
        for path in ("/v1/search?q=dog", "/v1/photographs/1/thumbnail"):
            problem = is_problem(client.get(path), 503, "log says why")
            assert str(copy.parent) not in problem["detail"]
        assert client.get("/healthz").status_code == 200
    assert str(copy) in caplog.text and "dog" not in caplog.text.replace(str(copy), "")


def test_keys_apply(captioner, made):
    library = Library(made / "photos.db")
    paths = ("/v1/search?q=dog", "/v1/photographs/1/thumbnail")
    with (
        running(captioner, library=library, api_keys=("a-key-of-mine",)) as url,
        client_of(url) as client,
    ):
        for path in paths:
            is_problem(client.get(path), 401, "missing")
            assert client.get(path, headers=KEY).status_code == 200
        routes = client.get("/openapi.json").json()["paths"]
    for route in ("/v1/search", "/v1/photographs/{id}/thumbnail"):
        assert routes[route]["get"]["security"] == [{"HTTPBearer": []}]


def test_without_a_library_there_is_no_search(start, client):
    plain = start()
    is_problem(plain.get("/v1/search?q=dog"), 404, "nothing at")
    is_problem(plain.get("/v1/photographs/1/thumbnail"), 404, "nothing at")
    assert "/v1/search" not in plain.get("/openapi.json").json()["paths"]
    assert plain.get("/v1/models").json()["search"] is False
    assert client.get("/v1/models").json()["search"] is True


class Slow(Library):
    """A library whose searches wait at a gate."""

    def __init__(self, path: Path):
        super().__init__(path)
        self.gate, self.now, self.most, self.count = threading.Event(), 0, 0, 0
        self._lock = threading.Lock()

    def search(self, *args, **options):
        with self._lock:
            self.now += 1
            self.count += 1
            self.most = max(self.most, self.now)
        assert self.gate.wait(60)
        with self._lock:
            self.now -= 1
        return super().search(*args, **options)


def test_searches_are_bounded_and_block_nobody(captioner, made, monkeypatch):
    monkeypatch.setattr(search, "MAX_WAITING", 3)
    slow = Slow(made / "photos.db")
    with (
        running(captioner, library=slow) as url,
        client_of(url) as client,
        ThreadPoolExecutor(20) as pool,
    ):
        asked = [pool.submit(client.get, "/v1/search?q=dog") for _ in range(search.THREADS + 5)]
        wait_until(lambda: sum(each.done() for each in asked) == 2)
        began = time.monotonic()
        assert client.get("/healthz").status_code == 200
        assert client.get("/static/icon.svg").status_code == 200
        assert time.monotonic() - began < 5
        slow.gate.set()
        answers = [each.result(60) for each in asked]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 2 and all(answer.headers["retry-after"] == "1" for answer in refused)
    is_problem(refused[0], 429, "try again")
    assert [answer.status_code for answer in answers].count(200) == search.THREADS + 3
    assert slow.most == search.THREADS


def test_nobody_searches_for_a_client_that_went_away(captioner, made):
    slow = Slow(made / "photos.db")
    with (
        running(captioner, library=slow) as url,
        client_of(url) as client,
        ThreadPoolExecutor(20) as pool,
    ):
        kept = [pool.submit(client.get, "/v1/search?q=dog") for _ in range(search.THREADS)]
        wait_until(lambda: slow.now == search.THREADS)
        with client_of(url) as hasty, pytest.raises(httpx.ReadTimeout):
            hasty.get("/v1/search?q=dog", timeout=0.3)
        slow.gate.set()
        assert all(each.result(60).status_code == 200 for each in kept)
        assert client.get("/v1/search?q=dog").status_code == 200
    assert slow.count == search.THREADS + 1
