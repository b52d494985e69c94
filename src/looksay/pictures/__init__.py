"""Where the model looked, as pictures, pages and animations; and the curves of its training."""

from looksay.pictures.animation import attention_animation
from looksay.pictures.curves import training_curves
from looksay.pictures.overlays import overlay
from looksay.pictures.page import attention_html
from looksay.pictures.page_data import region
from looksay.pictures.panels import attention_panels
from looksay.pictures.regions import Regions

__all__ = [
    "Regions",
    "attention_animation",
    "attention_html",
    "attention_panels",
    "overlay",
    "region",
    "training_curves",
]
