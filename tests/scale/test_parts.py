"""The folder of results: whole parts, one row a picture, nobody else's files."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("pyarrow", reason="the extra ray")
pytest.importorskip("fsspec", reason="the extra ray")

from small_cluster import read_rows  # noqa: E402

from looksay.errors import ScaleError, UsageError  # noqa: E402
from looksay.scale import parts as parts_module  # noqa: E402
from looksay.scale.items import Item  # noqa: E402
from looksay.scale.parts import Parts  # noqa: E402
from looksay.scale.rows import to_row  # noqa: E402


def row(name, identity="1", caption="a dog", error=None):
    record = {"caption": None if error else caption, "words": [], "model": "m", "error": error}
    return to_row(Item(name, f"/{name}", identity), record)


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "out")


def test_what_is_there_is_done_unless_it_has_changed_or_failed(folder):
    parts = Parts(folder, "m")
    parts.add([row("a"), row("b", error="no"), row("c", "1")])
    assert not parts.is_done(Item("a", "/a", "1"))  # of an earlier run only
    parts.close()
    parts = Parts(folder, "m")
    assert len(parts) == 2
    assert [r["image"] for r in read_rows(folder)] == ["a", "c"]  # failures are taken out
    assert parts.is_done(Item("a", "/a", "1"))
    assert not parts.is_done(Item("b", "/b", "1"))
    assert not parts.is_done(Item("c", "/c", "2"))
    parts.add([row("b"), row("c", "2", "a cat")])
    parts.close()
    assert [(r["image"], r["caption"]) for r in read_rows(folder)] == [
        ("a", "a dog"),
        ("b", "a dog"),
        ("c", "a cat"),
    ]


def test_parts_are_written_as_they_fill_and_age(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(parts_module, "PART_ROWS", 2)
    parts = Parts(folder, "m")
    parts.add([row("a")])
    assert read_rows(folder) == []
    parts.add([row("b")])
    assert len(read_rows(folder)) == 2
    monkeypatch.setattr(parts_module, "PART_SECONDS", -1.0)
    parts.add([row("c")])
    assert len(read_rows(folder)) == 3
    assert len(list((tmp_path / "out").glob("*.parquet"))) == 2


def test_a_kill_between_the_new_row_and_the_old_ones_removal_leaves_one(folder):
    old = Parts(folder, "m")
    old.add([row("a", "1"), row("b")])
    old.close()
    killed = Parts(folder, "m")
    killed.add([row("a", "2", "a cat")])
    killed.save()
    assert len(read_rows(folder)) == 3
    Parts(folder, "m")
    assert [(r["image"], r["caption"]) for r in read_rows(folder)] == [
        ("a", "a cat"),
        ("b", "a dog"),
    ]


def test_other_models_schemas_and_peoples_folders_are_refused(folder, tmp_path):
    Parts(folder, "m").close()
    with pytest.raises(UsageError, match="by the model 'm', but these would be by 'n'"):
        Parts(folder, "n")
    mark = tmp_path / "out" / "_looksay.json"
    mark.write_text(json.dumps({"schema": 99, "model": "m"}))
    with pytest.raises(UsageError, match="schema 99"):
        Parts(folder, "m")
    mark.write_text("{")
    with pytest.raises(ScaleError, match="damaged"):
        Parts(folder, "m")
    mark.unlink()
    (tmp_path / "out" / "theirs.parquet").write_bytes(b"")
    with pytest.raises(UsageError, match="looksay has not written"):
        Parts(folder, "m")


def test_a_damaged_part_and_a_file_in_the_folders_place_are_sentences(folder, tmp_path):
    parts = Parts(folder, "m")
    parts.add([row("a")])
    parts.close()
    (part,) = (tmp_path / "out").glob("*.parquet")
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(ScaleError, match="is damaged; delete it"):
        Parts(folder, "m")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file; name a folder"):
        Parts(str(tmp_path / "file"), "m")
    with pytest.raises(ScaleError, match="Not a directory"):
        Parts(str(tmp_path / "file" / "out"), "m")
