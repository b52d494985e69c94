"""Headers of tars that are damaged, or made to lead a reader astray."""

from __future__ import annotations

import io
import tarfile

import pytest

from looksay.images.tar_headers import StrictHeader

BLOCK, END = 512, bytes(1024)


def member(
    name: str, size: int = 3, kind: bytes = tarfile.REGTYPE, content: bytes = b"abc"
) -> bytes:
    """A header, whose size need not be the content's, and the content."""
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT) + content.ljust(-(-len(content) // BLOCK) * BLOCK, b"\0")


def names(content: bytes, mode: str) -> list[str]:
    file = io.BytesIO(content)
    with tarfile.open(fileobj=file, mode=mode, tarinfo=StrictHeader) as tar:  # type: ignore[call-overload]
        return [found.name for found in tar]


def pax(record: bytes) -> bytes:
    """A header that says something of the next one."""
    line = b"%d %s\n" % (len(record) + 4, record)
    assert len(line) == len(record) + 4
    return member("pax", len(line), tarfile.XHDTYPE, line)


BEFORE = member("1.jpg")
ASTRAY = {
    "the same header for ever": member("2.jpg", -BLOCK),
    "the same header for ever, of holes": member("2.jpg", -BLOCK, tarfile.GNUTYPE_SPARSE),
    "further than any disk": member("2.jpg", 2**60),
    "further than any number": member("2.jpg", 2**80),
    "a name larger than memory": member("2.jpg", 2**60, tarfile.GNUTYPE_LONGNAME),
    "a negative size, said before": pax(b"size=-512") + member("2.jpg"),
    "a size that is no number": pax(b"GNU.sparse.map=a,b") + member("2.jpg"),
    "headers without end": member("2.jpg", 1, tarfile.GNUTYPE_LONGNAME, b"x") * 2000,
}


@pytest.mark.parametrize("mode", ["r:", "r|"])
@pytest.mark.parametrize("astray", ASTRAY.values(), ids=ASTRAY)
def test_a_header_that_leads_astray_is_refused(astray, mode):
    assert names(BEFORE + member("2.jpg") + END, mode) == ["1.jpg", "2.jpg"]
    with pytest.raises(tarfile.ReadError, match="a header in it is damaged"):
        names(BEFORE + astray + member("3.jpg") + END, mode)


@pytest.mark.parametrize("mode", ["r:", "r|"])
@pytest.mark.parametrize("zeros", [BLOCK, len(END), 2**17])
def test_what_stands_behind_zeros_is_not_lost_in_silence(zeros, mode):
    assert names(BEFORE + bytes(zeros), mode) == ["1.jpg"]
    with pytest.raises(tarfile.ReadError, match="more behind its end, or it has a hole"):
        names(BEFORE + bytes(zeros) + member("2.jpg") + END, mode)
