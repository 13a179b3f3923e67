"""Ask the program for the structure of its command line, and compare two such structures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.golden.program import HERE, ROOT, environment, run

RECORD = HERE / "parser.json"
PROBE = HERE / "parser_probe.py"

LINES: tuple[tuple[str, ...], ...] = (
    (),
    ("films.json",),
    ("--limit", "3"),
    ("./run", "--workers", "2"),
    ("run", "films.json"),
    ("ctl", "-c", "films.json", "pause"),
)
"""Command lines of which some leave the command out."""
REFUSALS: tuple[tuple[str, ...], ...] = (
    (),
    ("--version",),
    ("run", "--limit", "0"),
    ("rum",),
    ("ctl", "status"),
)
"""Command lines that end at once in an empty folder."""

Structure = Mapping[str, Any]


def probed() -> dict[str, Any]:
    """Return the structure of the program's parser, and which commands `LINES` mean."""
    done = subprocess.run(
        [sys.executable, str(PROBE), json.dumps(LINES)],
        capture_output=True,
        check=False,
        env=environment(),
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def documented_exit_codes() -> list[int]:
    """Return the numbers in the table of exit codes of README.md."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^\| code \| meaning \|\n\|[-|]+\|\n((?:\|.*\n)+)", readme, re.MULTILINE)
    assert table is not None
    cells = [row.split("|")[1] for row in table[1].splitlines()]
    return sorted(int(number) for cell in cells for number in cell.split(","))


def exit_codes_of_refusals(folder: Path) -> list[dict[str, Any]]:
    """Return how the command lines of `REFUSALS` end in an empty folder."""
    return [{"words": list(words), "code": run(*words, cwd=folder).code} for words in REFUSALS]


# ------------------------------------------------------------------ comparing


def losses(before: Structure, now: Structure, place: str = "tui-gen") -> Iterator[str]:
    """Yield what a parser no longer takes as it did before. Additions that change nothing are no loss."""
    yield from _positional_losses(before["positionals"], now["positionals"], place)
    for name, option in before["options"].items():
        yield from _option_losses(option, now["options"].get(name), f"{place} {name}")
    for name in now["options"].keys() - before["options"].keys():
        if now["options"][name]["required"]:
            yield f"{place}: the new option {name} is required"
    yield from _group_losses(before, now, place)
    for name, command in before["commands"].items():
        if name in now["commands"]:
            yield from losses(command, now["commands"][name], f"{place} {name}")
        else:
            yield f"{place} {name}: the command is gone"


def _positional_losses(before: Sequence[Structure], now: Sequence[Structure], place: str) -> Iterator[str]:
    if len(now) < len(before):
        yield f"{place}: {len(now)} positional arguments instead of {len(before)}"
    for old, new in zip(before, now, strict=False):
        yield from _argument_losses(old, new, f"{place} {old['metavar']}")
    for new in now[len(before) :]:
        if new["nargs"] not in {"?", "*"}:
            yield f"{place}: the new argument {new['metavar']} is required"


def _option_losses(before: Structure, now: Structure | None, place: str) -> Iterator[str]:
    if now is None:
        yield f"{place}: the option is gone"
        return
    if gone := set(before["strings"]) - set(now["strings"]):
        yield f"{place}: no longer called {', '.join(sorted(gone))}"
    yield from _argument_losses(before, now, place)


def _argument_losses(before: Structure, now: Structure, place: str) -> Iterator[str]:
    for key in ("kind", "metavar", "nargs", "const", "default", "required", "values"):
        if before[key] != now[key]:
            yield f"{place}: {key} {before[key]!r} -> {now[key]!r}"
    if now["hidden"] and not before["hidden"]:
        yield f"{place}: is hidden"
    gone = set(before["choices"] or ()) - set(now["choices"] or ())
    if gone or (now["choices"] and not before["choices"]):
        yield f"{place}: choices {before['choices']} -> {now['choices']}"


def _group_losses(before: Structure, now: Structure, place: str) -> Iterator[str]:
    """Compare which of the known options exclude each other."""
    known = before["options"].keys()
    groups = [[name for name in group if name in known] for group in now["exclusive"]]
    if sorted(before["exclusive"]) != sorted(group for group in groups if len(group) > 1):
        yield f"{place}: options that exclude each other {before['exclusive']} -> {now['exclusive']}"
