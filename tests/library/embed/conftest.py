"""Photographs of every kind that carry what photographs carry."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageCms, features
from PIL.PngImagePlugin import PngInfo

from looksay.cli.demo import PHOTOGRAPHS

pytest.importorskip("exiftool", reason="pip install looksay[embed]")
pytest.importorskip("zstandard", reason="pip install looksay[embed]")
if shutil.which("exiftool") is None:
    pytest.skip("the program ExifTool is not installed", allow_module_level=True)

from looksay.library.embed import ExifTool  # noqa: E402

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:my="http://example.org/my/" my:odd="keep me">
 <dc:subject><rdf:Bag><rdf:li>alpha</rdf:li></rdf:Bag></dc:subject>
 <my:deep rdf:parseType="Resource"><my:x>1</my:x></my:deep>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()

KINDS = (
    "plain.jpg",
    "full.jpg",
    "latin.jpg",
    "progressive.jpg",
    "several.jpg",
    "motion.jpg",
    "full.png",
    "plain.png",
    "full.webp",
    "plain.webp",
    "full.tif",
    "pages.tif",
    "full.avif",
)


@pytest.fixture(scope="session")
def exiftool() -> Iterator[ExifTool]:
    """The program, running."""
    with ExifTool() as running:
        yield running


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a photograph of each of KINDS; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    with Image.open(PHOTOGRAPHS / "dog.jpg") as opened:
        photo = opened.convert("RGB").resize((96, 72))
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x010E] = "Maker", 6, "OLYMPUS DIGITAL CAMERA  "
    exif.get_ifd(0x8769).update({0x9003: "2020:01:01 10:00:00", 0x927C: b"OLYMP\0" + bytes(400)})
    all_of_it = {"exif": exif, "icc_profile": icc, "xmp": XMP}
    photo.save(folder / "plain.jpg")
    photo.save(folder / "progressive.jpg", progressive=True, comment=b"a comment")
    photo.save(folder / "full.jpg", **all_of_it)
    photo.save(folder / "several.jpg", "MPO", save_all=True, append_images=[photo], exif=exif)
    _iptc(folder / "full.jpg", "-codedcharacterset=utf8", "-IPTC:City=Zürich")
    shutil.copy(folder / "full.jpg", folder / "latin.jpg")
    _iptc(folder / "latin.jpg", "-codedcharacterset=", "-IPTC:City=", "-IPTC:Keywords=Köln")
    movie = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20
    (folder / "motion.jpg").write_bytes((folder / "full.jpg").read_bytes() + movie)
    info = PngInfo()
    info.add_text("Author", "me")
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    photo.save(folder / "full.png", pnginfo=info, exif=exif, icc_profile=icc)
    photo.convert("P").save(folder / "plain.png")
    photo.save(folder / "full.webp", **all_of_it)
    photo.save(folder / "plain.webp")
    photo.save(folder / "full.tif", compression="tiff_lzw", icc_profile=icc)
    photo.convert("L").save(folder / "pages.tif", save_all=True, append_images=[photo.convert("L")])
    if features.check("avif"):
        photo.save(folder / "full.avif", **all_of_it)
    return folder


def _iptc(path: Path, *arguments: str) -> None:
    command = ["exiftool", "-q", "-q", "-m", "-overwrite_original", *arguments]
    subprocess.run([*command, "-IPTC:Credit=me", "-IPTCDigest=new", str(path)], check=True)


@pytest.fixture(params=KINDS)
def photo(request: pytest.FixtureRequest, made: Path, tmp_path: Path) -> Path:
    """A photograph of each kind in turn."""
    return _copy(made / request.param, tmp_path)


@pytest.fixture
def jpeg(made: Path, tmp_path: Path) -> Path:
    """A JPEG with everything in it."""
    return _copy(made / "full.jpg", tmp_path)


def _copy(source: Path, folder: Path) -> Path:
    if not source.exists():
        pytest.skip(f"this Pillow cannot write {source.suffix}")
    return Path(shutil.copy2(source, folder / source.name))
