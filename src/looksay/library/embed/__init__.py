"""Captions in the photographs' own metadata, written so that they can be taken out again."""

from looksay.library.embed.claims import Claims
from looksay.library.embed.embedding import Before, State, Wishes, embed, look, undo
from looksay.library.embed.exiftool import ExifTool

__all__ = ["Before", "Claims", "ExifTool", "State", "Wishes", "embed", "look", "undo"]
