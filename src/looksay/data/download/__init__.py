"""Downloading COCO, Flickr8k and Flickr30k: resumed, checked, unpacked safely.

`find_source` says what there is, `make_plan` what of it is missing and how much room it takes,
`carry_out` fetches and unpacks it. Everything on its way lies in the folder `downloads` inside the
data set's folder, so that a stop at any moment costs no more than what the next run sees is absent.
"""

from looksay.data.coco import YEARS
from looksay.data.download.fetch import Patience
from looksay.data.download.plan import Plan, make_plan
from looksay.data.download.run import carry_out, what_is_kept
from looksay.data.download.sources import NAMES, Source, find_source

__all__ = [
    "NAMES",
    "YEARS",
    "Patience",
    "Plan",
    "Source",
    "carry_out",
    "find_source",
    "make_plan",
    "what_is_kept",
]
