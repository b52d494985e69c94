"""The catalogue: where COCO, Flickr8k and Flickr30k lie, how large they are, their checksums.

COCO publishes no checksums. Its SHA-256 sums here are those that several independent projects have
recorded (pytorch/vision's prototype data sets among them); the MD5 sums of Flickr8k's mirror are in
mlverse/torchvision and in another project's CMake file. An archive whose sum no two projects agree
on has none here, and is checked by the size that the server announces and by its own CRCs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from looksay.data.download.archives import Archive, Piece, in_words
from looksay.data.flickr import FLICKR8K_IMAGES, FLICKR30K_IMAGES
from looksay.errors import UsageError

HALF_BLOCK = 2048  # bytes: what a file wastes of its last block on disk, on average

# Plain HTTP: COCO's host has no certificate of its own. The checksums make up for it.
COCO_HOST = "http://images.cocodataset.org"
FLICKR8K_MIRROR = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k"
FLICKR30K_PAGE = "https://shannon.cs.illinois.edu/DenotationGraph"
KARPATHY_URL = "https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip"

COCO_LICENCE = (
    "COCO's annotations are CC BY 4.0; the photographs belong to their Flickr owners, and using "
    "them must abide by Flickr's terms of use (https://cocodataset.org/#termsofuse)."
)
FLICKR_LICENCE = (
    "the photographs belong to their Flickr owners: under Flickr's terms of use, for "
    "non-commercial research and education only (https://www.flickr.com/help/terms)."
)


def _photographs(url: str, num_files: int, size: int, checksum: str, *places: str) -> Archive:
    """An archive of a folder of JPEGs, which unpack to about its own size."""
    return Archive(
        url=url,
        what=f"{num_files:,} photographs",
        size=size,
        unpacked_size=size + num_files * HALF_BLOCK,
        checksum=checksum,
        pieces=(Piece(places=places, num_files=num_files),),
    )


def _coco_annotations(year: str, size: int, unpacked_size: int, checksum: str) -> Archive:
    return Archive(
        url=f"{COCO_HOST}/annotations/annotations_trainval{year}.zip",
        what="captions and other annotations",
        size=size,
        unpacked_size=unpacked_size,
        checksum=checksum,
        pieces=tuple(
            Piece(places=(f"annotations/captions_{split}{year}.json",))
            for split in ("train", "val")
        ),
    )


def _coco_photographs(folder: str, num_files: int, size: int, checksum: str) -> Archive:
    return _photographs(f"{COCO_HOST}/zips/{folder}.zip", num_files, size, checksum, folder)


COCO_ANNOTATIONS = {
    "2014": _coco_annotations(
        "2014",
        252_872_794,
        844_813_048,
        "sha256:031296bbc80c45a1d1f76bf9a90ead27e94e99ec629208449507a4917a3bf009",
    ),
    "2017": _coco_annotations(
        "2017",
        252_907_541,
        834_416_290,
        "sha256:113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268",
    ),
}
COCO_PHOTOGRAPHS = {
    "val2014": _coco_photographs(
        "val2014",
        40_504,
        6_645_013_297,
        "sha256:fe9be816052049c34717e077d9e34aa60814a55679f804cd043e3cbee3b9fde0",
    ),
    "train2014": _coco_photographs(
        "train2014",
        82_783,
        13_510_573_713,
        "sha256:ede4087e640bddba550e090eae701092534b554b42b05ac33f0300b984b31775",
    ),
    "val2017": _coco_photographs(
        "val2017",
        5_000,
        815_585_330,
        "sha256:4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05",
    ),
    "train2017": _coco_photographs(
        "train2017",
        118_287,
        19_336_861_798,
        "sha256:69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929",
    ),
}

FLICKR8K = (
    Archive(
        url=f"{FLICKR8K_MIRROR}/Flickr8k_text.zip",
        what="captions and split lists",
        size=2_300_000,
        size_is_exact=False,
        unpacked_size=12_000_000,
        checksum="md5:bf6c1abcb8e4a833b7f922104de18627",
        into="Flickr8k_text",
        pieces=tuple(
            Piece(places=(f"Flickr8k_text/{name}", name))
            for name in (
                "Flickr8k.token.txt",
                "Flickr_8k.trainImages.txt",
                "Flickr_8k.devImages.txt",
                "Flickr_8k.testImages.txt",
            )
        ),
    ),
    replace(
        _photographs(
            f"{FLICKR8K_MIRROR}/Flickr8k_Dataset.zip",
            8_091,
            1_115_000_000,
            "md5:f18a1e2920de5bd84dae7cf08ec78978",
            *FLICKR8K_IMAGES,
        ),
        size_is_exact=False,
    ),
)

FLICKR30K = (
    Archive(
        url=f"{FLICKR30K_PAGE}/data/flickr30k.tar.gz",
        what="captions",
        size=4_000_000,
        size_is_exact=False,
        unpacked_size=14_000_000,
        members=("results_20130124.token",),
        pieces=(
            Piece(
                places=(
                    "results_20130124.token",
                    "flickr30k_images/results_20130124.token",
                    "results.csv",
                    "flickr30k_images/results.csv",
                )
            ),
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """What its owners give away on request only. names: of the archive, as it may come."""

    what: str
    page: str
    names: tuple[str, ...]
    size: int
    piece: Piece

    def instructions(self, downloads: Path) -> str:
        """How to get it, and where to put it."""
        return (
            f"They are given away on request only: ask for them with the form at {self.page}, save "
            f"the archive ({self.names[0]}, about {in_words(self.size)}) in {downloads}, and run "
            "the same command again: it unpacks and checks it."
        )


FLICKR30K_BY_HAND = ByHand(
    what="photographs",
    page=f"{FLICKR30K_PAGE}/",
    names=(
        "flickr30k-images.tar.gz",
        "flickr30k-images.tar",
        "flickr30k_images.tar.gz",
        "flickr30k-images.zip",
    ),
    size=4_400_000_000,
    piece=Piece(places=FLICKR30K_IMAGES, num_files=31_783),
)

KARPATHY_SIZES = {"coco": 144_186_139, "flickr8k": 9_035_673, "flickr30k": 38_318_553}  # bytes


def _karpathy(name: str) -> Archive:
    """Karpathy's splits; his archive has those of all three data sets."""
    file = f"dataset_{name}.json"
    return Archive(
        url=KARPATHY_URL,
        what="Karpathy's splits",
        size=36_745_453,
        unpacked_size=KARPATHY_SIZES[name],
        checksum="sha256:4cfd70132527b80933105e5829dc9034eaab9573482e2e680abbab6130244817",
        members=(file,),
        pieces=(Piece(places=(file,)),),
    )


KARPATHY = {name: _karpathy(name) for name in KARPATHY_SIZES}
NAMES = tuple(KARPATHY)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A data set to be had: its kind in `load_data`'s addresses, its archives, its licence."""

    kind: str
    title: str
    licence: str
    archives: tuple[Archive, ...]
    by_hand: ByHand | None = None


def find_source(
    name: str,
    *,
    year: str | None = None,
    splits: tuple[str, ...] = (),
    karpathy: bool = False,
    base_url: str | None = None,
) -> Source:
    """The data set of that name, one of NAMES.

    year: COCO's, "2014" or "2017"; 2017 without. splits: the only photographs of COCO wanted,
    "train" or "val". karpathy: his splits too; COCO's go with 2014. base_url: a mirror that has all
    archives in one place. Raises UsageError for a combination that means nothing.
    """
    if name != "coco" and (year or splits):
        raise UsageError(f"{name} has no years and comes whole; leave --year and --split out.")
    if name == "coco" and karpathy and year != "2014":
        raise UsageError("Karpathy's splits of COCO name its photographs of 2014; add --year 2014.")
    if name == "coco":
        source = _coco(year or "2017", splits or ("val", "train"))
    elif name == "flickr8k":
        source = Source(kind=name, title="Flickr8k", licence=FLICKR_LICENCE, archives=FLICKR8K)
    else:
        source = Source(
            kind=name,
            title="Flickr30k",
            licence=FLICKR_LICENCE,
            archives=FLICKR30K,
            by_hand=FLICKR30K_BY_HAND,
        )
    if karpathy:
        source = replace(source, archives=(*source.archives, KARPATHY[name]))
    return _at_mirror(source, base_url) if base_url else source


def _coco(year: str, splits: tuple[str, ...]) -> Source:
    wanted = [COCO_PHOTOGRAPHS[split + year] for split in ("val", "train") if split in splits]
    return Source(
        kind=f"coco{year}",
        title=f"COCO {year}",
        licence=COCO_LICENCE,
        archives=(COCO_ANNOTATIONS[year], *wanted),
    )


def _at_mirror(source: Source, base_url: str) -> Source:
    """The same archives, each at BASE_URL/its name."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"{base_url!r} is no web address; write one such as https://mirror/coco.")
    base = base_url.rstrip("/")
    moved = tuple(replace(item, url=f"{base}/{item.name}") for item in source.archives)
    return replace(source, archives=moved)
