"""The page of faults leads to a test for each: what it names exists, and no test here is left out."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).with_name("README.md")
TESTS = PAGE.parents[1]
ROW = re.compile(r"^\| (?P<fault>.+?) \| (?P<tests>.+?) \| (?P<how>.+?) \|$")
NAMED = re.compile(r"`?(?P<file>[\w/]*test_\w+\.py)`?(?P<more>(?:[ ,]*\[\w+\])*)")


def rows() -> list[re.Match[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    found = [row for line in lines if (row := ROW.match(line))]
    return [row for row in found if row["fault"] != "fault" and not row["fault"].startswith("---")]


def named(tests: str) -> list[tuple[Path, list[str]]]:
    """Return the files that a row names, each with words of names of tests in it."""
    found = []
    for match in NAMED.finditer(tests):
        file, words = match["file"], re.findall(r"\w+", match["more"])
        beside = PAGE.parent / file
        found.append((beside if beside.exists() else TESTS / file, words))
    return found


def test_every_fault_of_the_page_leads_to_a_test() -> None:
    lost = []
    for row in rows():
        files = named(row["tests"])
        assert files, row["fault"]
        for path, words in files:
            tests = re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")) if path.exists() else []
            missing = [word for word in words if not any(word in test for test in tests)]
            lost += [(row["fault"], path.name, missing)] if missing or not tests else []
    assert lost == []


def test_every_file_of_tests_beside_the_page_is_on_it() -> None:
    on_it = {path for row in rows() for path, _ in named(row["tests"])}
    beside = set(PAGE.parent.glob("test_*.py")) - {Path(__file__)}
    assert beside - on_it == set()
