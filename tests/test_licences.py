"""The page of licences names every package that is installed, with the licence that its metadata say."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
FOR_DEVELOPERS = {"dev", "loaders"}
FAMILIES = ("LGPL", "Apache", "MIT", "BSD", "OLDAP", "PSF")
NAMES = sorted(
    {
        re.split(r"[<>=!~;\[ ]", requirement)[0]
        for requirements in (
            PROJECT["dependencies"],
            *(
                each
                for extra, each in PROJECT["optional-dependencies"].items()
                if extra not in FOR_DEVELOPERS
            ),
        )
        for requirement in requirements
    }
)


@pytest.mark.parametrize("name", NAMES)
def test_each_package_has_a_row_with_its_licence(name: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|") and f" {name} |" in line]
    assert len(rows) == 1
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return  # an extra that is not installed
    fields = ("License-Expression", "License", "Classifier")
    lines = [line.partition("\n")[0] for field in fields for line in told.get_all(field) or []]
    licence = " ".join(line for line in lines if "::" not in line or line.startswith("License"))
    found = [family for family in FAMILIES if family in licence]
    assert found
    assert all(family in rows[0].split("|")[-2] for family in found)


def test_the_program_is_under_the_licence_that_its_metadata_name() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) 2026 tui-gen maintainers\n")
    assert (PROJECT["license"], PROJECT["license-files"]) == ("MIT", ["LICENSE"])
