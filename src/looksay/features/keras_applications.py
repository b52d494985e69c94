"""The backbones of `keras.applications`, each with its own preprocessing.

ImageNet weights are downloaded by Keras, which checks their hash and keeps them in ~/.keras.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from looksay.errors import FeatureError
from looksay.features.backbone import IMAGENET, Backbone
from looksay.features.keras_weights import load_keras_weights


@dataclass(frozen=True, kw_only=True)
class KerasApplication(Backbone):
    """module, constructor: where `keras.applications` has it."""

    module: str
    constructor: str

    def preprocess(self, images: Any) -> Any:
        from keras import ops

        # a copy: `preprocess_input` changes NumPy arrays in place
        return self._module().preprocess_input(ops.cast(images, "float32"))

    def network(self, weights: str | Path | None = IMAGENET) -> Any:
        path = self.weights_file(weights)
        network = self._network(IMAGENET if weights == IMAGENET else None)
        if path is not None:
            self._load(network, path)
        return network

    def _module(self) -> Any:
        return importlib.import_module(f"keras.applications.{self.module}")

    def _network(self, weights: str | None) -> Any:
        """The network without its classifier."""
        constructor = getattr(self._module(), self.constructor)
        shape = (self.image_size, self.image_size, 3)
        try:
            return constructor(include_top=False, weights=weights, input_shape=shape)
        except Exception as error:  # Keras raises a bare Exception for a failed download
            raise FeatureError(
                f"the ImageNet weights of {self.name} cannot be downloaded ({error}); try again "
                "with a connection, or give a file with --set features.weights=FILE"
            ) from error

    def _load(self, network: Any, path: Path) -> None:
        if self.module == "vgg16" and not path.name.endswith((".h5", ".keras")):
            from looksay.features.vgg16_weights import load_torch_vgg16

            load_torch_vgg16(network, path)
            return
        load_keras_weights(network, path, self.name)


def _application(
    name: str, where: str, size: int, side: int, feature_size: int, layer: str = ""
) -> KerasApplication:
    module, constructor = where.split(".")
    return KerasApplication(
        name=name,
        module=module,
        constructor=constructor,
        image_size=size,
        grid=(side, side),
        feature_size=feature_size,
        layer=layer,
        licence="the weights' own: see keras.io/api/applications",
        preprocessing=f"keras.applications.{module}.preprocess_input",
    )


# name, module.constructor, picture's side, grid's side, feature size, layer
_TABLE = (
    ("inception_v3", "inception_v3.InceptionV3", 299, 8, 2048),
    ("vgg16", "vgg16.VGG16", 224, 14, 512, "block5_conv3"),
    ("vgg19", "vgg19.VGG19", 224, 14, 512, "block5_conv4"),
    ("xception", "xception.Xception", 299, 10, 2048),
    ("resnet50", "resnet.ResNet50", 224, 7, 2048),
    ("resnet101", "resnet.ResNet101", 224, 7, 2048),
    ("resnet152", "resnet.ResNet152", 224, 7, 2048),
    ("resnet50_v2", "resnet_v2.ResNet50V2", 224, 7, 2048),
    ("resnet152_v2", "resnet_v2.ResNet152V2", 224, 7, 2048),
    ("densenet169", "densenet.DenseNet169", 224, 7, 1664),
    ("densenet201", "densenet.DenseNet201", 224, 7, 1920),
    ("mobilenet_v2", "mobilenet_v2.MobileNetV2", 224, 7, 1280),
    ("efficientnet_v2_b0", "efficientnet_v2.EfficientNetV2B0", 224, 7, 1280),
    ("efficientnet_v2_b1", "efficientnet_v2.EfficientNetV2B1", 240, 8, 1280),
    ("efficientnet_v2_b2", "efficientnet_v2.EfficientNetV2B2", 260, 9, 1408),
    ("efficientnet_v2_b3", "efficientnet_v2.EfficientNetV2B3", 300, 10, 1536),
    ("efficientnet_v2_s", "efficientnet_v2.EfficientNetV2S", 384, 12, 1280),
    ("efficientnet_v2_m", "efficientnet_v2.EfficientNetV2M", 480, 15, 1280),
    ("efficientnet_v2_l", "efficientnet_v2.EfficientNetV2L", 480, 15, 1280),
    ("convnext_tiny", "convnext.ConvNeXtTiny", 224, 7, 768),
    ("convnext_small", "convnext.ConvNeXtSmall", 224, 7, 768),
    ("convnext_base", "convnext.ConvNeXtBase", 224, 7, 1024),
    ("convnext_large", "convnext.ConvNeXtLarge", 224, 7, 1536),
)
APPLICATIONS: dict[str, Backbone] = {row[0]: _application(*row) for row in _TABLE}
