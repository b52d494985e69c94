"""Pictures in, captions out: single, listed and streamed."""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

import looksay
from looksay import Caption, CaptionError
from looksay.captioner import captioner as module
from looksay.captioner.stream import ahead
from looksay.decoding import decode
from looksay.errors import BundleError, ImageError, MissingExtraError, UsageError
from looksay.images import find_images
from looksay.runtime import Bundle, write_manifest


def texts(captions) -> list[str]:
    return [caption.text for caption in captions]


def test_a_caption_is_what_decoding_finds(captioner, pixels):
    from toy_bundle import NumpyStepper

    toy = NumpyStepper()
    caption = captioner(pixels[7], num_captions=3)
    options = captioner.options.override(num_captions=3)
    [[best, *others]] = decode(toy, toy.backbone(pixels[7:8]), options)
    assert caption.words == tuple(captioner.bundle.vocabulary.decode(best.tokens))
    assert caption.text == " ".join(caption.words)
    assert caption.log_prob == pytest.approx(best.log_prob, abs=1e-4)
    assert caption.score == pytest.approx(best.score, abs=1e-4)
    assert caption.attention == pytest.approx(best.attention[:-1].reshape(-1, 2, 2), abs=1e-5)
    assert caption.end_attention == pytest.approx(best.attention[-1].reshape(2, 2), abs=1e-5)
    total = caption.log_probs.sum() + caption.end_log_prob
    assert total == pytest.approx(caption.log_prob, abs=1e-4)
    assert [other.log_prob for other in caption.alternatives] == pytest.approx(
        [other.log_prob for other in others], abs=1e-4
    )
    assert caption.model == "toy" and caption.image is None


def test_a_cut_caption_has_no_end(captioner, pixels):
    cut = [c for c in captioner(list(pixels), max_words=1, method="greedy") if not c.ended]
    assert cut
    for caption in cut:
        assert caption.end_attention is None and caption.end_log_prob is None
        assert len(caption.attention) == len(caption.log_probs) == len(caption.words) == 1


def test_every_kind_of_source_gives_the_same_caption(captioner, folder, png, pixels):
    path = folder / "0.png"
    expected = captioner(pixels[0]).text
    sources = [path, str(path), png, io.BytesIO(png), Image.fromarray(pixels[0])]
    assert texts(captioner(source) for source in sources) == [expected] * 5
    assert captioner(path).image == captioner(str(path)).image == str(path)
    assert captioner(png).image is None


@pytest.mark.parametrize("batch_size", [1, 3, 7, 16, 100])
def test_streams_keep_the_order_in_any_batch(captioner, pixels, batch_size):
    singles = texts(captioner(image) for image in pixels)
    assert len(set(singles)) > 5
    assert texts(captioner.caption_many(list(pixels), batch_size=batch_size)) == singles
    assert texts(captioner(list(pixels))) == singles


def test_samples_do_not_depend_on_batches_or_bad_neighbours(captioner, pixels):
    options = {"method": "sample", "seed": 3, "num_captions": 2, "temperature": 2.0}
    sources = [*pixels[:4], b"bad", *pixels[4:]]
    expected = None
    for batch_size in (2, 5, 50):
        captions = list(captioner.caption_many(sources, batch_size=batch_size, **options))
        assert isinstance(captions.pop(4), CaptionError)
        found = [(c.text, c.alternatives[0].text) for c in captions]
        assert expected in (None, found)
        expected = found


def test_a_bad_picture_is_an_error_and_the_rest_goes_on(captioner, folder):
    found = list(captioner.caption_many(find_images([folder, folder / "absent.png"])))
    assert [type(item) for item in found] == [Caption] * 4 + [CaptionError, Caption, CaptionError]
    assert found[4].image == str(folder / "3bad.png")
    assert "3bad.png" in found[4].message
    assert "absent.png" in found[6].message
    record = found[4].to_json()
    assert record["error"] == found[4].message and record["caption"] is None


def test_a_watcher_gets_each_picture_that_could_be_read_once(captioner, folder):
    sources = list(find_images([folder]))
    seen = []
    found = captioner.caption_many(
        sources, watch=lambda source, photo: seen.append((source, photo.size, photo.mode))
    )
    captions = [caption for caption in found if isinstance(caption, Caption)]
    assert sorted(str(source) for source, _, _ in seen) == sorted(c.image for c in captions)
    assert {mode for _, _, mode in seen} == {"RGB"} and {size for _, size, _ in seen} == {(8, 8)}
    assert texts(captions) == texts(
        caption for caption in captioner.caption_many(sources) if isinstance(caption, Caption)
    )


def test_only_bad_pictures_need_no_backbone(bundle_folder):
    captioner = looksay.load(bundle_folder)
    assert [type(item) for item in captioner.caption_many([b"1", b"2"])] == [CaptionError] * 2
    assert list(captioner.caption_many([])) == []


def test_without_error_items_a_bad_picture_is_raised(captioner, folder, pixels):
    with pytest.raises(ImageError, match="3bad.png"):
        captioner(folder / "3bad.png")
    with pytest.raises(ImageError, match="3bad.png"):
        captioner([folder / "0.png", folder / "3bad.png"])
    assert captioner([]) == []


def test_options_are_checked_before_anything_is_read(captioner, pixels):
    with pytest.raises(UsageError, match="did you mean 'beam_size'"):
        captioner(pixels[0], beamsize=2)
    with pytest.raises(UsageError, match="beam_size is 0"):
        captioner.caption_many(iter([]), beam_size=0)
    with pytest.raises(UsageError, match="batch_size is 0"):
        captioner.caption_many([], batch_size=0)
    assert captioner(pixels[0], method="greedy", max_words=2).words != ()


def test_an_endless_stream_is_read_a_few_batches_ahead(captioner, pixels):
    read: list[int] = []
    sources = (read.append(i) or pixels[i % 40] for i in itertools.count())
    captions = captioner.caption_many(sources, batch_size=4)
    for number in range(30):
        next(captions)
        assert len(read) - number <= 3 * 4
    captions.close()


def test_closing_a_stream_stops_its_threads(captioner, pixels):
    captions = captioner.caption_many(itertools.cycle(pixels), batch_size=4)
    next(captions)
    captions.close()
    for thread in threading.enumerate():
        if thread.name.startswith("looksay-load"):
            thread.join(timeout=10)
            assert not thread.is_alive()


def test_threads_take_turns(captioner, pixels):
    expected = texts(captioner(image) for image in pixels)
    with ThreadPoolExecutor(4) as pool:
        assert texts(pool.map(captioner, pixels)) == expected


def test_one_picture_needs_no_parallel_backbone(bundle_folder, pixels, monkeypatch):
    opened = []
    real = module.open_graph

    def open_graph(path, **how):
        opened.append((path.name, how.get("throughput", False)))
        return real(path, **how)

    monkeypatch.setattr(module, "open_graph", open_graph)
    captioner = looksay.load(bundle_folder)
    assert opened == []
    list(captioner.caption_many(pixels[:2]))
    captioner(pixels[0])
    assert sorted(opened) == [
        ("backbone.onnx", False),
        ("encode.onnx", False),
        ("step.onnx", False),
    ]
    list(captioner.caption_many(pixels))
    assert opened[3:] == [("backbone.onnx", True)]


def test_features_are_the_backbones(captioner, pixels):
    from toy_bundle import NumpyStepper

    expected = NumpyStepper().backbone(pixels)
    assert captioner.features(pixels) == pytest.approx(expected, abs=1e-5)
    assert captioner.features(pixels[:1]) == pytest.approx(expected[:1], abs=1e-5)
    assert captioner.features(pixels[:0]).shape == (0, 4, 6)
    with pytest.raises(UsageError, match=r"\(B, 8, 8, 3\), not float32"):
        captioner.features(pixels.astype(np.float32))


def test_a_bundle_that_contradicts_itself_is_refused(bundle_folder, tmp_path, pixels):
    folder = shutil.copytree(bundle_folder, tmp_path / "other")
    config = Bundle.open(folder).config
    write_manifest(folder, config | {"grid": [4, 4]})
    with pytest.raises(BundleError, match="where bundle.json says"):
        looksay.load(folder)(pixels[0])
    write_manifest(folder, config)
    words = (folder / "vocabulary.txt").read_text("utf-8")
    (folder / "vocabulary.txt").write_text(words + "zebra\n", "utf-8")
    write_manifest(folder, config)
    with pytest.raises(BundleError, match="16 tokens and its vocabulary has 17"):
        looksay.load(folder)(pixels[0])


def test_load_refuses_what_it_cannot_do(bundle_folder, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="engine 'tf' is unknown"):
        looksay.load(bundle_folder, engine="tf")
    with pytest.raises(BundleError, match="no looksay bundle"):
        looksay.load(tmp_path)
    monkeypatch.setattr(module, "SHIPPED", tmp_path)
    with pytest.raises(BundleError, match="came without a model"):
        looksay.load()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match="pip install"):
        looksay.load(bundle_folder, engine="onnxruntime")


def test_load_takes_an_opened_bundle_and_the_shipped_one(bundle_folder, pixels, monkeypatch):
    opened = looksay.load(Bundle.open(bundle_folder))
    assert (opened.name, opened.precision in ("f32", "bf16")) == ("toy", True)
    monkeypatch.setattr(module, "SHIPPED", bundle_folder)
    assert looksay.load(precision="f32")(pixels[0]).text == opened(pixels[0]).text


def test_both_engines_caption_alike(captioner, bundle_folder, pixels):
    pytest.importorskip("onnxruntime")
    other = looksay.load(bundle_folder, engine="onnxruntime")
    assert texts(other(list(pixels))) == texts(captioner(list(pixels)))


def test_items_are_made_one_ahead():
    made = []
    items = ahead(made.append(i) or i for i in range(4))
    assert [(next(items), len(made)) for _ in range(4)] == [(0, 2), (1, 3), (2, 4), (3, 4)]


def test_captioning_imports_neither_keras_nor_telemetry(bundle_folder):
    code = """
import sys, looksay
assert "numpy" not in sys.modules
captioner = looksay.load(sys.argv[1])
import numpy as np
list(captioner.caption_many([np.zeros((8, 8, 3), np.uint8)] * 9))
names = ("keras", "tensorflow", "torch", "jax", "onnx", "matplotlib", "requests")
print([m for m in sys.modules if "telemetry" in m or m.split(".")[0] in names])
"""
    command = [sys.executable, "-W", "error", "-c", code, str(bundle_folder)]
    assert subprocess.check_output(command, text=True).strip() == "[]"


def test_unknown_names_of_the_package_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        looksay.lod  # noqa: B018
    assert {"load", "Caption", "Captioner", "CaptionError"} <= set(dir(looksay))
