"""Captions by workers: those of one machine, each once, whatever dies."""

from __future__ import annotations

import os
import tarfile

import pytest

pytest.importorskip("ray", reason="the extra ray")

import pyarrow as pa  # noqa: E402
from small_cluster import RAY_WARNINGS, add_node, draw, read_rows  # noqa: E402

import looksay  # noqa: E402
from looksay.scale import captions  # noqa: E402
from looksay.scale.items import to_table  # noqa: E402
from looksay.scale.parts import Parts  # noqa: E402
from looksay.scale.rounds import NUMBER  # noqa: E402
from looksay.scale.sources import find_items  # noqa: E402

pytestmark = RAY_WARNINGS


def on_one_machine(bundle, names):
    """What `looksay caption` says of the pictures, by name."""
    captioner = looksay.load(bundle, precision="f32")
    return {
        name: caption.to_json()
        for name, caption in zip(names, captioner.caption_many(names), strict=True)
    }


def test_captions_are_those_of_one_machine_and_only_new_ones_are_done_again(
    cluster, caption, bundle, photos
):
    with tarfile.open("shard.tar", "w") as tar:
        tar.add("photos/b.jpg", "0001.jpg")
        tar.add("photos/no-picture.jpg", "0002.jpg")
        tar.add("photos/no-picture.jpg", "0002.json")
    outcome = caption(["photos", "shard.tar", "missing.png", "photos/a.png"], "out")
    assert (outcome.captioned, outcome.failed, outcome.earlier) == (4, 3, 0)
    rows = {row["image"]: row for row in read_rows("out")}
    names = ["photos/a.png", "photos/b.jpg", "photos/deep/c.png", "photos/no-picture.jpg"]
    expected = on_one_machine(bundle, names)
    assert set(rows) == {*names, "shard.tar/0001.jpg", "shard.tar/0002.jpg", "missing.png"}
    for name in names:
        for key in ("caption", "words", "model", "error", "alternatives"):
            assert rows[name][key] == expected[name][key]
        assert rows[name]["log_prob"] == pytest.approx(expected[name]["log_prob"], abs=1e-5)
    assert rows["shard.tar/0001.jpg"]["caption"] == expected["photos/b.jpg"]["caption"]
    assert rows["shard.tar/0002.jpg"]["error"].startswith("shard.tar/0002.jpg holds text")
    assert "does not exist" in rows["missing.png"]["error"]

    # what is new, changed or failed is done again, and nothing else
    draw(photos, ["new.png"], seed=1)
    draw(photos, ["a.png"], seed=2)
    (photos / "no-picture.jpg").unlink()
    seen = []
    outcome = caption(["photos"], "out", watch=lambda name, error: seen.append(name))
    assert (outcome.captioned, outcome.failed, outcome.earlier) == (2, 0, 2)
    assert sorted(seen) == ["photos/a.png", "photos/new.png"]
    again = read_rows("out")
    left = ["photos/a.png", "photos/b.jpg", "photos/deep/c.png", "photos/new.png"]
    assert [row["image"] for row in again] == [*left, "shard.tar/0001.jpg"]
    assert again[1] == rows["photos/b.jpg"] and again[0] != rows["photos/a.png"]
    status = os.stat("photos/a.png")
    assert again[0]["identity"] == f"{status.st_size}:{status.st_mtime_ns}"


def test_objects_of_a_store_go_in_and_parts_come_out(cluster, caption, bucket, photos):
    fs, address = bucket
    root = address.removeprefix("s3://")
    for name in ("a.png", "deep/c.png", "no-picture.jpg"):
        fs.pipe_file(f"{root}/in/{name}", (photos / name).read_bytes())
    with tarfile.open("shard.tar", "w") as tar:
        tar.add("photos/b.jpg", "0001.jpg")
    fs.put_file("shard.tar", f"{root}/shard.tar")
    names = [f"{address}/in", f"{address}/*.tar"]
    assert caption(names, f"{address}/out").captioned == 3
    rows = read_rows(f"{address}/out")
    assert [row["image"].removeprefix(address) for row in rows] == [
        "/in/a.png",
        "/in/deep/c.png",
        "/in/no-picture.jpg",
        "/shard.tar/0001.jpg",
    ]
    assert rows[2]["error"].startswith(f"{address}/in/no-picture.jpg holds text")
    fs.rm_file(f"{root}/in/no-picture.jpg")
    again = caption(names, f"{address}/out")  # without Ray, since nothing is left to do
    assert (again.captioned, again.failed, again.earlier) == (0, 0, 3)
    assert [row["error"] for row in read_rows(f"{address}/out")] == [None] * 3


def test_a_name_of_any_bytes_is_a_name(bundle, photos):
    """On the way to a worker and back; without Ray."""
    os.rename("photos/a.png", b"photos/\xff.png")
    (item,) = find_items([os.fsdecode(b"photos/\xff.png")])
    (todo,) = captions._todo([item, item], Parts("out", "toy"), captions.Outcome())
    digests = [captions._digest(looksay.load(bundle).bundle)]
    worker = captions.CaptionWorker({"model": bundle, "precision": "f32"}, digests, {}, None, 1)
    table = to_table([todo]).append_column(NUMBER, pa.array([0]))
    (row,) = worker(table).to_pylist()
    assert row["image"] == "photos/\\udcff.png" and row["caption"] and row["error"] is None


def test_nothing_to_do_needs_no_ray(caption, photos, monkeypatch):
    (photos.parent / "empty").mkdir()
    monkeypatch.setattr(captions, "connected", lambda *_, **__: pytest.fail("Ray was started"))
    assert caption([], "out").captioned == 0


def test_a_killed_node_costs_its_batches_and_no_picture(cluster, caption, photos, monkeypatch):
    """The second node is killed with SIGKILL while it captions."""
    names = [f"many/{number:03d}.png" for number in range(160)]
    draw(photos / "many", ["000.png"], side=600)
    for name in names[1:]:
        os.link("photos/many/000.png", f"photos/{name}")
    monkeypatch.setattr(captions, "BATCH", 4)
    node = add_node(cluster)
    seen, killed_at = [], []

    def watch(name, error):
        seen.append(name)
        assert error is None
        if not killed_at and len(seen) >= 24 and workers_on(node):
            killed_at.append(len(seen))
            cluster.remove_node(node, allow_graceful=False)

    outcome = caption(["photos/many"], "out", watch=watch)
    assert killed_at and killed_at[0] < len(names), "the node was not killed in the middle"
    assert sorted(seen) == [f"photos/{name}" for name in names]
    assert (outcome.captioned, outcome.failed) == (len(names), 0)
    assert [row["image"] for row in read_rows("out")] == sorted(seen)


def workers_on(node):
    """How many captioning workers live on a node."""
    import ray._private.state

    actors = ray._private.state.actors().values()
    return sum(
        actor["Address"]["NodeID"] == node.node_id
        and actor["State"] == "ALIVE"
        and "CaptionWorker" in actor["ActorClassName"]
        for actor in actors
    )
