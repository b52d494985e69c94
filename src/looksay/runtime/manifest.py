"""bundle.json: what it must hold, reading it without trust and writing it last."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from looksay.consensus import CONSENSUS
from looksay.decoding import DecodingOptions
from looksay.errors import BundleError, UsageError
from looksay.files import replace_file
from looksay.json_text import parse_json
from looksay.runtime.confidence import Confidence
from looksay.runtime.regions import DETECTOR, FILE, RegionSettings
from looksay.text import is_language_tag

# 2 has regions, 3 a consensus, which a looksay of before them would ignore or take for damage.
# Bundles without are written as 1.
FORMAT, WITH_REGIONS, WITH_CONSENSUS = 3, 2, 3
MANIFEST = "bundle.json"
SEAL = "sha256"  # bundle.json's first key: its own SHA-256, taken with zeros there
_NO_SEAL = "0" * 64
VOCABULARY = "vocabulary.txt"
GRAPHS = ("backbone", "encode", "step")
REGION_GRAPHS = ("detector", "regions")  # where a bundle has regions: RoI-align is "regions"

MAX_MANIFEST_BYTES = 1 << 20
MAX_FILE_BYTES = 4 << 30

_KEYS: dict[str, tuple[type, str]] = {
    "name": (str, "a text"),
    "version": (str, "a text"),
    "architecture": (str, "a text"),
    "image_size": (int, "a whole number"),
    "grid": (list, "two whole numbers"),
    "feature_size": (int, "a whole number"),
    "backbone": (dict, "an object"),
    "decoding": (dict, "an object"),
    "files": (dict, "an object"),
}


def read_manifest(folder: Path) -> dict[str, Any]:
    """The contents of bundle.json, checked; BundleError says what is wrong with it."""
    path = folder / MANIFEST
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise BundleError(f"The bundle {folder} {what}; give the folder that holds {MANIFEST}.")
    if not path.is_file():
        raise BundleError(
            f"{folder} is no looksay bundle: it has no {MANIFEST}. A training run that did not "
            "finish has none; otherwise give another folder."
        )
    check_regular(path, folder)
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise BundleError(f"{path} is far too large to be a bundle's description; it is refused.")
    content = path.read_bytes()
    try:
        config = parse_json(content.decode("utf-8"))
    except ValueError as error:
        raise BundleError(
            f"{path} is damaged, it is no valid JSON ({error}); get the bundle again."
        ) from error
    _check_seal(config, content, path)
    check_config(config, path)
    return config


def _check_seal(config: Any, content: bytes, path: Path) -> None:
    """Take the seal out of the contents; BundleError where the file was changed since it was set.

    Bundles of before there were seals begin with their format.
    """
    if not isinstance(config, dict) or "format" not in config or next(iter(config)) == "format":
        return
    seal = config.pop(SEAL, None)
    if not isinstance(seal, str) or not _is_sha256(seal) or seal != _seal(content, seal):
        raise BundleError(
            f"{path} is damaged or was changed: its SHA-256 is not the one it begins with; "
            "get the bundle again."
        )


def _seal(content: bytes, old: str) -> str:
    """The SHA-256 of bundle.json with zeros for the seal that it begins with."""
    return hashlib.sha256(content.replace(old.encode(), _NO_SEAL.encode(), 1)).hexdigest()


def check_config(config: Any, path: Path) -> None:
    """Raise BundleError unless the contents are those of a bundle that this looksay can read."""
    if not isinstance(config, dict) or not _is(config.get("format"), int):
        raise BundleError(f"{path} does not describe a looksay bundle: it has no format number.")
    if config["format"] > FORMAT:
        raise BundleError(
            f"{path} has format {config['format']}, and this looksay reads up to {FORMAT}; "
            "upgrade it with: pip install --upgrade looksay"
        )
    if config["format"] < 1:
        raise BundleError(f"{path} has format {config['format']}, which never was one.")
    for key, (kind, words) in _KEYS.items():
        if key not in config:
            raise BundleError(f"{path} lacks {key!r}; the bundle is damaged or foreign.")
        if not _is(config[key], kind):
            raise BundleError(f"{key!r} in {path} must be {words}, not {config[key]!r:.60}.")
    _check_sizes(config, path)
    _check_regions(config, path)
    _check_confidence(config, path)
    _check_language(config, path)
    _check_files(config, path)
    try:
        DecodingOptions.from_dict(config["decoding"])
    except UsageError as error:
        raise BundleError(f"'decoding' in {path} is wrong: {error}") from error
    if config["decoding"].get("consensus") and config["format"] < WITH_CONSENSUS:
        raise BundleError(f"{path} has a consensus, which format {config['format']} does not know.")


def _check_sizes(config: Mapping[str, Any], path: Path) -> None:
    grid = config["grid"]
    if len(grid) != 2 or not all(_is(side, int) and 1 <= side <= 1024 for side in grid):
        raise BundleError(
            f"'grid' in {path} must be two whole numbers from 1 on, not {grid!r:.60}."
        )
    for key, most in (("image_size", 8192), ("feature_size", 1 << 20)):
        if not 1 <= config[key] <= most:
            raise BundleError(f"{key!r} in {path} is {config[key]}; it must be 1 to {most}.")
    if not config["name"].isprintable() or not 1 <= len(config["name"]) <= 200:
        raise BundleError(f"'name' in {path} must be 1 to 200 printable characters.")


def _check_regions(config: Mapping[str, Any], path: Path) -> None:
    if "regions" not in config:
        return
    if config["format"] < WITH_REGIONS:
        raise BundleError(f"{path} has regions, which format {config['format']} does not know.")
    if not isinstance(config["regions"], dict):
        raise BundleError(f"'regions' in {path} must be an object, not {config['regions']!r:.60}.")
    try:
        RegionSettings.from_dict(config["regions"])
    except UsageError as error:
        raise BundleError(f"'regions' in {path} is wrong: {error}") from error


def _check_confidence(config: Mapping[str, Any], path: Path) -> None:
    if "confidence" not in config:
        return
    section = config["confidence"]
    if not isinstance(section, dict):
        raise BundleError(f"'confidence' in {path} must be an object, not {section!r:.60}.")
    try:
        Confidence.from_dict(section)
    except UsageError as error:
        raise BundleError(
            f"'confidence' in {path} is wrong: {error}; get the bundle again."
        ) from error


def _check_language(config: Mapping[str, Any], path: Path) -> None:
    tag = config.get("language", "en")
    if not (isinstance(tag, str) and is_language_tag(tag)):
        raise BundleError(
            f"'language' in {path} must be a language tag such as \"de\", not {tag!r:.60}."
        )


def required_graphs(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The graphs that captioning with a bundle of this description runs."""
    regions = config.get("regions")
    if regions is None:
        return GRAPHS
    if regions["source"] == FILE:  # features come from elsewhere
        return ("encode", "step")
    return (*GRAPHS, *(REGION_GRAPHS if regions["source"] == DETECTOR else ("regions",)))


def required_files(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The files that captioning with a bundle of this description needs."""
    memory = (CONSENSUS,) if config["decoding"].get("consensus") else ()
    return (VOCABULARY, *(f"{graph}.onnx" for graph in required_graphs(config)), *memory)


def _check_files(config: Mapping[str, Any], path: Path) -> None:
    files = config["files"]
    for name, entry in files.items():
        check_file_name(name, path)
        entry = entry if isinstance(entry, dict) else {}
        digest, size = entry.get("sha256", ""), entry.get("bytes", -1)
        if not isinstance(digest, str) or not _is_sha256(digest):
            raise BundleError(f"{path} gives no valid SHA-256 for {name!r}; get the bundle again.")
        if not _is(size, int) or not 0 <= size <= MAX_FILE_BYTES:
            raise BundleError(f"{path} gives {name!r} the size {size!r}, which cannot be right.")
    for name in required_files(config):
        if name not in files:
            kind = "every bundle" if "regions" not in config else "a bundle of such regions"
            raise BundleError(f"{path} does not list {name!r}, which {kind} has.")


def check_file_name(name: str, path: Path) -> None:
    """Refuse a name that could lead out of the bundle on any system."""
    plain = name.isprintable() and name.strip() == name and name not in ("", ".", "..", MANIFEST)
    if not plain or set(name) & set('/\\:*?"<>|'):
        raise BundleError(f"{path} lists {name!r}, which is no plain file name; it is refused.")


def check_regular(path: Path, folder: Path) -> None:
    """Refuse devices, pipes and links that lead out of the folder."""
    try:
        inside = path.resolve(strict=True).parent == folder.resolve(strict=True)
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before 3.13
        raise BundleError(f"{path} cannot be read ({error}); get the bundle again.") from error
    if not inside:
        raise BundleError(f"{path} is a link that leads out of the bundle; it is refused.")
    if not regular:
        raise BundleError(f"{path} is not an ordinary file; it is refused.")


def sha256(path: Path) -> str:
    """The SHA-256 of a file's contents, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    directory: str | Path, config: Mapping[str, Any], *, leave_out: Collection[str] = ()
) -> None:
    """Write bundle.json over the other files of the directory, whose hashes and sizes it adds.

    It is written last and atomically: a directory with a bundle.json is a whole bundle. The seal,
    `format` and `files` are filled in here. BundleError when the result could not be read again.
    leave_out: names of files that the bundle does not take in.
    """
    directory = Path(directory)
    files = {}
    for path in sorted(directory.iterdir()):
        if path.name == MANIFEST or path.name.startswith(".") or path.name in leave_out:
            continue
        check_regular(path, directory)
        files[path.name] = {"sha256": sha256(path), "bytes": path.stat().st_size}
    whole = {"format": _format(config), **config, "files": files}
    check_config(whole, directory / MANIFEST)
    whole = {SEAL: _NO_SEAL, **{key: value for key, value in whole.items() if key != SEAL}}
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    content = text.encode()
    content = content.replace(_NO_SEAL.encode(), _seal(content, _NO_SEAL).encode(), 1)
    replace_file(directory / MANIFEST, content)


def _format(config: Mapping[str, Any]) -> int:
    """The oldest that can tell what is in the bundle."""
    if config["decoding"].get("consensus"):
        return WITH_CONSENSUS
    return WITH_REGIONS if "regions" in config else 1


def _is_sha256(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{64}", text) is not None


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))
