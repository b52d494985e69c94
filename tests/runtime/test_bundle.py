"""A good bundle opens; anything else is refused with a sentence that names the file."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from half_replaced import leave_half_replaced

from looksay.decoding import DecodingOptions
from looksay.errors import BundleError, LooksayError, UsageError
from looksay.runtime import Bundle, write_manifest


def change(folder, **values):
    """Change keys of bundle.json, which loses its seal; None removes one."""
    path = folder / "bundle.json"
    config = json.loads(path.read_text("utf-8")) | {"sha256": None} | values
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}), "utf-8")


def test_a_bundle_says_what_it_is(bundle_folder):
    bundle = Bundle.open(bundle_folder)
    assert (bundle.name, bundle.image_size, bundle.grid, bundle.feature_size) == (
        "toy",
        8,
        (2, 2),
        6,
    )
    assert bundle.decoding == DecodingOptions(beam_size=3, max_words=8)
    assert len(bundle.vocabulary) == 16
    assert bundle.graph("step") == bundle_folder / "step.onnx"
    assert bundle.config["licence"] == "CC0-1.0"
    assert bundle.file("card.md").read_text("utf-8").startswith("# A toy")
    assert Bundle.open(str(bundle_folder), verify_all=True).config == bundle.config


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_bundle_whose_replacement_was_killed_opens(bundle_folder, tmp_path):
    shutil.copytree(bundle_folder, tmp_path / "new")
    change(tmp_path / "new", name="new")
    leave_half_replaced(bundle_folder, tmp_path / "new")
    assert Bundle.open(bundle_folder).name == "new"


def test_unknown_names_are_refused(bundle_folder):
    bundle = Bundle.open(bundle_folder)
    with pytest.raises(UsageError, match="backbone, encode, step"):
        bundle.graph("decode")
    with pytest.raises(BundleError, match="has no 'model.weights.h5'"):
        bundle.file("model.weights.h5")


@pytest.mark.parametrize("name", ["vocabulary.txt", "backbone.onnx", "encode.onnx", "step.onnx"])
def test_damaged_files_are_named(bundle_folder, name):
    path = bundle_folder / name
    contents = path.read_bytes()
    path.write_bytes(contents[:-1] + bytes([contents[-1] ^ 1]))
    with pytest.raises(BundleError, match=rf"{name} is damaged or was changed"):
        Bundle.open(bundle_folder)
    path.write_bytes(contents[:-1])
    with pytest.raises(BundleError, match=rf"{name} is damaged: it has {len(contents) - 1} bytes"):
        Bundle.open(bundle_folder)
    path.unlink()
    with pytest.raises(BundleError, match=rf"{name} is missing"):
        Bundle.open(bundle_folder)


def test_a_damaged_file_beside_captioning_is_refused_when_it_is_asked_for(bundle_folder):
    path = bundle_folder / "card.md"
    path.write_bytes(path.read_bytes().replace(b"toy", b"boy"))
    bundle = Bundle.open(bundle_folder)
    with pytest.raises(BundleError, match="card.md is damaged"):
        bundle.file("card.md")
    with pytest.raises(BundleError, match="card.md is damaged"):
        Bundle.open(bundle_folder, verify_all=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": None}, "no format number"),
        ({"language": "in German"}, "language tag"),
        ({"language": 3}, "language tag"),
        ({"format": "1"}, "no format number"),
        ({"format": 0}, "never was one"),
        ({"format": 4}, "pip install --upgrade looksay"),
        ({"name": None}, "lacks 'name'"),
        ({"name": "a\nb"}, "printable"),
        ({"version": 1}, "'version' in .* must be a text, not 1"),
        ({"image_size": None}, "lacks 'image_size'"),
        ({"image_size": True}, "must be a whole number, not True"),
        ({"image_size": 10**9}, "must be 1 to 8192"),
        ({"grid": [2]}, "two whole numbers"),
        ({"grid": [2, -2]}, "two whole numbers"),
        ({"feature_size": 0}, "must be 1 to"),
        ({"decoding": {"beam": 3}}, "'decoding' in .* no decoding option 'beam'"),
        ({"decoding": {"beam_size": -3}}, "beam_size is -3"),
        ({"files": {}}, "does not list 'vocabulary.txt'"),
        ({"files": []}, "must be an object"),
    ],
)
def test_descriptions_without_sense_are_refused(bundle_folder, values, message):
    change(bundle_folder, **values)
    with pytest.raises(BundleError, match=message):
        Bundle.open(bundle_folder)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "null", '{"format": NaN}', "[" * 100_000, "\ufeff{}", '{"a": "\udcff"}'],
)
def test_what_is_no_description_is_refused(bundle_folder, text):
    path = bundle_folder / "bundle.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BundleError, match="bundle.json"):
        Bundle.open(bundle_folder)


def test_a_description_beyond_measure_is_refused(bundle_folder):
    change(bundle_folder, padding="x" * (1 << 21))
    with pytest.raises(BundleError, match="far too large"):
        Bundle.open(bundle_folder)


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "a/b", "a\\b", "C:x", "..", ".", "", "a\0b", " a", "bundle.json"],
)
def test_names_that_lead_elsewhere_are_refused(bundle_folder, name):
    files = json.loads((bundle_folder / "bundle.json").read_text("utf-8"))["files"]
    change(bundle_folder, files=files | {name: {"sha256": "0" * 64, "bytes": 1}})
    with pytest.raises(BundleError, match="no plain file name"):
        Bundle.open(bundle_folder)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"sha256": "0" * 64, "bytes": 1 << 50}, "the size 1125899906842624"),
        ({"sha256": "0" * 64, "bytes": -1}, "the size -1"),
        ({"sha256": "0" * 64}, "the size"),
        ({"sha256": "0" * 63, "bytes": 1}, "no valid SHA-256"),
        ({"sha256": "G" * 64, "bytes": 1}, "no valid SHA-256"),
        ("0" * 64, "no valid SHA-256"),
    ],
)
def test_impossible_entries_are_refused(bundle_folder, entry, message):
    files = json.loads((bundle_folder / "bundle.json").read_text("utf-8"))["files"]
    change(bundle_folder, files=files | {"card.md": entry})
    with pytest.raises(BundleError, match=message):
        Bundle.open(bundle_folder)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("name", ["step.onnx", "card.md", "bundle.json"])
def test_links_out_of_the_bundle_are_refused(bundle_folder, tmp_path, name):
    path = bundle_folder / name
    path.rename(tmp_path / name)
    path.symlink_to(tmp_path / name)
    with pytest.raises(BundleError, match=f"{name} is a link that leads out"):
        Bundle.open(bundle_folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipes_and_circles_are_refused(bundle_folder):
    path = bundle_folder / "card.md"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BundleError, match="not an ordinary file"):
        Bundle.open(bundle_folder)
    path.unlink()
    path.symlink_to(path.name)
    with pytest.raises(BundleError, match="cannot be read"):
        Bundle.open(bundle_folder)


def test_a_folder_that_is_no_bundle_is_refused(tmp_path, bundle_folder):
    with pytest.raises(BundleError, match="no looksay bundle"):
        Bundle.open(tmp_path)
    with pytest.raises(BundleError, match="does not exist"):
        Bundle.open(tmp_path / "nothing")
    with pytest.raises(BundleError, match="is not a folder"):
        Bundle.open(bundle_folder / "step.onnx")


def test_a_bundle_may_say_its_language(bundle_folder):
    assert Bundle.open(bundle_folder).language is None
    change(bundle_folder, language="zh-Hans")
    assert Bundle.open(bundle_folder).language == "zh-Hans"


def test_a_linked_folder_is_a_bundle(bundle_folder, tmp_path):
    (tmp_path / "link").symlink_to(bundle_folder)
    assert Bundle.open(tmp_path / "link").name == "toy"


def test_a_manifest_that_could_not_be_read_again_is_not_written(bundle_folder):
    before = (bundle_folder / "bundle.json").read_bytes()
    config = json.loads(before)
    with pytest.raises(LooksayError, match="grid"):
        write_manifest(bundle_folder, config | {"grid": "9x9"})
    (bundle_folder / "folder").mkdir()
    with pytest.raises(BundleError, match="folder"):
        write_manifest(bundle_folder, config)
    (bundle_folder / "folder").rmdir()
    assert (bundle_folder / "bundle.json").read_bytes() == before
    write_manifest(bundle_folder, config)
    assert sorted(path.name for path in bundle_folder.iterdir()) == sorted(
        [*config["files"], "bundle.json"]
    )
