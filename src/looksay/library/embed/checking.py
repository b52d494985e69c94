"""Whether a written file is the old one with a new description, and nothing else."""

from __future__ import annotations

import re

from looksay.errors import EmbedError
from looksay.library.embed.exiftool import Tags
from looksay.library.embed.fields import (
    ALT_TEXT,
    DESCRIPTION,
    IPTC_CHARSET,
    IPTC_DIGEST,
    OURS,
)
from looksay.library.embed.segments import lasting_parts

# Of the file or the program, not of the photograph.
_PASSING = re.compile(r"SourceFile|System:|File:|ExifTool:|XMP-x:XMPToolkit|RIFF:WebP_?Flags")
# Where something lies in the file: it moves when the description in front of it grows. What lies
# there is compared by itself.
_PLACES = re.compile(r".*(?:Offsets?|Start|MediaData(?:Size)?)\Z")
_MAY_APPEAR = ("IPTC:EnvelopeRecordVersion", "IPTC:ApplicationRecordVersion", IPTC_CHARSET)


def check_written(
    before: bytes, after: bytes, kind: str, tags_before: Tags, tags_after: Tags, text: str
) -> None:
    """EmbedError where a part of the picture or a field has changed that had to stay, or where the
    text did not arrive."""
    try:
        same = lasting_parts(before, kind) == lasting_parts(after, kind)
    except Exception as error:  # decoders raise nearly anything on damaged bytes
        raise EmbedError(_refused("its parts cannot be told apart")) from error
    if not same:
        raise EmbedError(_refused("a part of it other than its description would change"))
    changed = _changed(tags_before, tags_after)
    if changed:
        raise EmbedError(_refused(f"the field {changed[0]} would change too"))
    if {str(tags_after.get(name, "")) for name in (DESCRIPTION, ALT_TEXT)} != {text}:
        raise EmbedError(_refused("the description did not arrive whole"))


def _changed(before: Tags, after: Tags) -> list[str]:
    """The fields that are lost, changed or new, and may not be."""
    names = [name for name in before if not _is_free(name) and before[name] != after.get(name)]
    new = [name for name in after if name not in before and not _is_free(name)]
    return names + [name for name in new if name not in _MAY_APPEAR]


def _is_free(name: str) -> bool:
    return bool(name in OURS or name == IPTC_DIGEST or _PASSING.match(name) or _PLACES.match(name))


def _refused(reason: str) -> str:
    return f"Writing into it was given up, since {reason}; it is as it was."
