"""What the package says of itself and carries along."""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib
from pathlib import Path

import looksay
from looksay.cli.demo import PHOTOGRAPHS

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)


def test_every_file_that_is_no_python_is_packaged():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["looksay"]
    source = ROOT / "src" / "looksay"
    for path in source.rglob("*"):
        name = path.relative_to(source).as_posix()
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns), name


def test_every_photograph_has_its_source_in_the_notice():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for path in PHOTOGRAPHS.iterdir():
        assert path.name in notice
    for name in re.findall(r"^  (\w+\.jpg)", notice, re.MULTILINE):
        assert (PHOTOGRAPHS / name).is_file()


def test_every_dependency_is_bounded():
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    for requirement in [*project["dependencies"], *(r for extra in extras for r in extra)]:
        assert ">=" in requirement and "<" in requirement, requirement


def test_the_licence_is_whole():
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence and "END OF TERMS AND CONDITIONS" in licence
    assert len(licence) > 11_000


def test_the_changelog_knows_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {looksay.__version__}" in changelog


def test_the_documented_record_keeps_the_schema():
    import jsonschema

    schema = json.loads((PHOTOGRAPHS.parent / "cli" / "caption.schema.json").read_text())
    page = (ROOT / "docs" / "json-schema.md").read_text(encoding="utf-8")
    records = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert len(records) >= 2
    for record in records:
        jsonschema.validate(json.loads(record), schema)
    for field in schema["properties"]:
        assert f"`{field}`" in page
