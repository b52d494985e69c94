"""Bundles that caption together: averaged words, each one's attention, backbones run once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import looksay
from looksay import CaptionError
from looksay.captioner import captioner as module
from looksay.captioner.features import FeatureExtractor
from looksay.decoding import EnsembleStepper, decode_encoded
from looksay.errors import BundleError, UsageError
from looksay.images import load_square
from looksay.runtime import Bundle, write_manifest


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    """`write("name", seed=1, rows=3)` writes a toy bundle and gives its folder."""
    pytest.importorskip("onnx")
    from toy_bundle import write_toy_bundle

    def write(name: str, **how) -> Path:
        return write_toy_bundle(tmp_path_factory.mktemp("bundles") / name, name=name, **how)

    return write


@pytest.fixture(scope="module")
def twin(write, bundle_folder) -> Path:
    """Another model on the backbone of the first."""
    folder = write("twin", seed=5, decoding={"method": "greedy", "max_words": 3})
    config = Bundle.open(folder).config
    shutil.copy(bundle_folder / "backbone.onnx", folder / "backbone.onnx")
    write_manifest(folder, config)
    return folder


@pytest.fixture(scope="module")
def larger(write) -> Path:
    """A model of 12x12 pictures and 3x3 places."""
    return write("larger", seed=7, rows=3)


@pytest.fixture(scope="module")
def photographs(pixels) -> list[Image.Image]:
    """Pictures of many sizes."""
    rng = np.random.default_rng(1)
    return [
        Image.fromarray(image).resize(tuple(rng.integers(8, 60, 2)), Image.Resampling.NEAREST)
        for image in pixels[:20]
    ]


@pytest.fixture
def opened(monkeypatch) -> list[tuple[str, str]]:
    """The graphs that are opened from now on: bundle and file."""
    found: list[tuple[str, str]] = []
    real = module.open_graph

    def open_graph(path, **how):
        found.append((path.parent.name, path.name))
        return real(path, **how)

    monkeypatch.setattr(module, "open_graph", open_graph)
    return found


def sentences(captions) -> list[tuple[str, ...]]:
    return [(c.text, *(other.text for other in c.alternatives)) for c in captions]


def test_a_bundle_with_itself_captions_as_it_does_alone(captioner, bundle_folder, pixels):
    both = looksay.load([bundle_folder, bundle_folder], precision="f32")
    for options in ({"num_captions": 3}, {"method": "greedy"}, {"method": "sample", "seed": 1}):
        alone = captioner(list(pixels), **options)
        together = both(list(pixels), **options)
        assert sentences(together) == sentences(alone)
        for one, two in zip(alone, together, strict=True):
            assert two.log_prob == pytest.approx(one.log_prob, abs=1e-5)
            assert two.attention == pytest.approx(one.attention, abs=1e-6)
            assert list(two.attentions) == ["toy", "toy (2)"]


def test_members_of_other_sizes_caption_as_numpy_does(bundle_folder, larger, photographs):
    from toy_bundle import NumpyStepper

    captioner = looksay.load([bundle_folder, larger], precision="f32")
    toys = [NumpyStepper(0), NumpyStepper(7, rows=3)]
    stepper = EnsembleStepper(toys)
    captions = captioner(photographs, num_captions=3)
    options = captioner.options.override(num_captions=3)
    for photograph, caption in zip(photographs, captions, strict=True):
        squares = [load_square(photograph, side)[None] for side in (8, 12)]
        seen = [(toy.backbone(square), None) for toy, square in zip(toys, squares, strict=True)]
        [[best, *others]] = decode_encoded(stepper, *stepper.encode_each(seen), options, [0])
        assert caption.words == tuple(captioner.bundle.vocabulary.decode(best.tokens))
        assert len(caption.alternatives) == len(others)
        assert caption.log_prob == pytest.approx(best.log_prob, abs=1e-4)
        rows = best.attention[: len(caption.words)]
        assert caption.attentions["toy"] == pytest.approx(rows[:, :4].reshape(-1, 2, 2), abs=1e-5)
        assert caption.attentions["larger"] == pytest.approx(
            rows[:, 4:].reshape(-1, 3, 3), abs=1e-5
        )
        assert np.array_equal(caption.attention, caption.attentions["toy"])
        assert caption.end_attention.shape == (2, 2)


def test_attention_on_one_grid_is_averaged(bundle_folder, twin, pixels, captioner):
    caption = looksay.load([bundle_folder, twin], precision="f32")(
        pixels[7], method="beam", beam_size=3
    )
    first, second = caption.attentions["toy"], caption.attentions["twin"]
    assert np.abs(first - second).max() > 0.01
    assert caption.attention == pytest.approx((first + second) / 2)
    assert caption.attention.sum(axis=(1, 2)) == pytest.approx(1)
    assert caption.end_attention.sum() == pytest.approx(1)
    record = json.loads(json.dumps(caption.to_json(attention=True)))
    assert list(record["attentions"]) == ["toy", "twin"]
    assert np.array(record["attentions"]["twin"]) == pytest.approx(second, abs=1e-6)
    assert record["model"] == caption.model == "toy + twin"
    alone = captioner(pixels[7])
    assert np.array_equal(alone.attentions["toy"], alone.attention)
    assert "attentions" not in alone.to_json(attention=True)


@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_streams_of_an_ensemble_keep_the_order(bundle_folder, larger, photographs, batch_size):
    captioner = looksay.load([larger, bundle_folder], precision="f32")
    singles = sentences(captioner(photograph) for photograph in photographs)
    assert len(set(singles)) > 3
    sources = [*photographs[:5], b"bad", *photographs[5:]]
    captions = list(captioner.caption_many(sources, batch_size=batch_size))
    assert isinstance(captions.pop(5), CaptionError)
    assert sentences(captions) == singles


def test_bundles_with_one_backbone_run_it_once(
    bundle_folder, twin, larger, pixels, opened, monkeypatch
):
    runs = []
    real = FeatureExtractor._start_backbone

    def start(extractor, images_BSS3, many):
        runs.append(images_BSS3.shape)
        return real(extractor, images_BSS3, many)

    monkeypatch.setattr(FeatureExtractor, "_start_backbone", start)
    captioner = looksay.load([bundle_folder, larger, twin], precision="f32")
    assert opened == []
    captioner(pixels[0])
    assert [bundle for bundle, file in opened if file == "backbone.onnx"] == ["toy", "larger"]
    assert [bundle for bundle, file in opened if file == "step.onnx"] == ["toy", "larger", "twin"]
    assert runs == [(1, 8, 8, 3), (1, 12, 12, 3)]
    expected = looksay.load(twin, precision="f32").features(pixels[:2])
    assert np.array_equal(captioner.features(pixels[:2]), expected)


def test_the_first_bundle_says_how_captions_are_made(bundle_folder, twin, pixels):
    captioner = looksay.load((Bundle.open(twin), str(bundle_folder)))
    assert captioner.options == Bundle.open(twin).decoding
    assert captioner.bundle.name == "twin" and len(captioner.bundles) == 2
    assert all(len(caption.words) <= 3 for caption in captioner(list(pixels)))


def test_bundles_of_other_words_are_refused_by_name(bundle_folder, twin, write):
    other = write("other")
    config = Bundle.open(other).config
    words = (other / "vocabulary.txt").read_text("utf-8")
    (other / "vocabulary.txt").write_text(words.replace("dog", "hound"), "utf-8")
    write_manifest(other, config)
    with pytest.raises(UsageError, match="differ in their vocabularies") as refusal:
        looksay.load([bundle_folder, twin, other])
    assert str(bundle_folder) in str(refusal.value) and str(other) in str(refusal.value)
    assert str(twin) not in str(refusal.value)


def test_no_bundle_at_all_is_refused():
    with pytest.raises(UsageError, match="No model is named"):
        looksay.load([])


def test_a_member_that_contradicts_itself_is_refused_by_name(bundle_folder, write, pixels):
    wrong = write("wrong")
    write_manifest(wrong, Bundle.open(wrong).config | {"feature_size": 7})
    with pytest.raises(BundleError, match="wrong gives features"):
        looksay.load([bundle_folder, wrong])(pixels[0])
