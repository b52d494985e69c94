"""Views of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from looksay.errors import RecipeError
from looksay.features.views import VIEWS, apply_view, check_views


@pytest.fixture
def picture():
    """Brightness rises to the right in red, downwards in green."""
    ramp = np.linspace(0, 255, 40)
    red, green = np.meshgrid(ramp, ramp)
    return np.stack([red, green, np.zeros_like(red)], -1).astype(np.uint8)


def test_plain_is_the_picture_and_mirror_undoes_itself(picture):
    assert apply_view(picture, "plain") is picture
    mirrored = apply_view(picture, "mirror")
    np.testing.assert_array_equal(mirrored[:, 0], picture[:, -1])
    np.testing.assert_array_equal(apply_view(mirrored, "mirror"), picture)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_the_pictures_shape_and_can_be_had(picture, view):
    seen = apply_view(picture, view)
    assert seen.shape == picture.shape and seen.dtype == np.uint8 and seen.flags.c_contiguous
    assert view == "plain" or np.abs(seen.astype(int) - picture).max() > 10


def test_a_crop_lies_where_its_name_says(picture):
    means = {view: apply_view(picture, view).mean((0, 1)) for view in VIEWS}
    middle = means["plain"]
    assert (means["crop-top-left"][:2] < middle[:2] - 5).all()
    assert (means["crop-bottom-right"][:2] > middle[:2] + 5).all()
    assert means["crop-top-right"][0] > middle[0] + 5 > middle[1] > means["crop-top-right"][1]
    assert means["crop-bottom-left"][1] > middle[1] + 5 > middle[0] > means["crop-bottom-left"][0]
    np.testing.assert_allclose(means["crop-center"], middle, atol=2)


@pytest.mark.parametrize("place", ["top-left", "center"])
def test_a_mirrored_crop_is_the_crop_mirrored(picture, place):
    crop = apply_view(picture, f"crop-{place}")
    np.testing.assert_array_equal(apply_view(picture, f"mirror-crop-{place}"), crop[:, ::-1])


def test_views_are_checked():
    assert check_views(["plain", "mirror", "plain"]) == ("plain", "mirror")
    with pytest.raises(RecipeError, match="'upside-down'.*mirror"):
        check_views(["plain", "upside-down"])
    with pytest.raises(RecipeError, match="plain"):
        check_views(["mirror"])
