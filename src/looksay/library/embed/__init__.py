"""Captions in the photographs' own metadata, written so that they can be taken out again."""

from looksay.library.embed.embedding import Before, State, Wishes, embed, look, undo
from looksay.library.embed.exiftool import ExifTool

__all__ = ["Before", "ExifTool", "State", "Wishes", "embed", "look", "undo"]
