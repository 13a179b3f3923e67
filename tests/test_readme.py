"""What the README says is so."""

import re
import shlex
from pathlib import Path

import pytest

from tui_gen.base.exit_codes import ExitCode
from tui_gen.cli.arguments import COMMANDS, parser, with_command
from tui_gen.jobs.superres.config.defaults import BUILT_IN_FORMATS
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.tui.actions import ACTIONS, APP_ACTIONS, Action

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(heading: str) -> list[str]:
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```\w*\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


def rows(first: str) -> list[list[str]]:
    """Return the cells of the table whose first heading is given."""
    table = re.search(rf"^\| {first} \|.*?\n\|[-|]+\|\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert table is not None
    return [
        [cell.strip().strip("`") for cell in row.strip("|\n").split("|")] for row in table[1].splitlines()
    ]


def test_the_set_up_is_two_lines_and_the_checks_run_the_same_ones() -> None:
    (block,) = blocks("Set-up")
    lines = block.splitlines()
    assert len(lines) == 2
    checks = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in " && ".join(lines).split(" && "):
        name = command.replace("python3 -m venv .venv", "-m venv").replace(
            ". .venv/bin/activate", "venv/bin:"
        )
        assert name.replace("pip install", "pip install --quiet") in checks, command


@pytest.mark.parametrize("heading", ["First steps", "Watching and steering"])
def test_every_command_shown_is_one_that_the_program_takes(heading: str) -> None:
    (block,) = blocks(heading)
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "tui-gen"
        assert parser().parse_args(with_command(words[1:])).command in COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS - {"screen"}))
def test_every_command_is_told_of(command: str) -> None:
    assert f"tui-gen {command}" in README


WRITTEN = {
    "plus": "+", "equals_sign": "+", "minus": "-", "underscore": "-", "slash": "/", "question_mark": "?",
    "left_square_bracket": "[", "right_square_bracket": "]", "escape": "esc",
}  # fmt: skip
UNTOLD = {"up", "down", "home", "end", "pageup", "pagedown", "shift+tab", "f1", "ctrl+q", "2", "3", "4", "5"}


@pytest.mark.parametrize("action", [*ACTIONS, *APP_ACTIONS], ids=lambda action: action.id)
def test_every_key_is_told_of(action: Action) -> None:
    told = {key for row in rows("keys") for key in re.split(r"[` ,]+", row[0])}
    assert any(WRITTEN.get(key, key) in told or key in UNTOLD for key in action.keys.split(","))


def test_the_configuration_shown_loads(tmp_path: Path) -> None:
    (block,) = blocks("The configuration")
    path = tmp_path / "generator_config.json"
    path.write_text(block, encoding="utf-8")
    assert load_settings(path).videos[0].name == "Dune (2021)"


@pytest.mark.parametrize("name", BUILT_IN_FORMATS)
def test_the_table_of_formats_is_the_built_in_one(name: str) -> None:
    known = BUILT_IN_FORMATS[name]
    (row,) = (row for row in rows("format") if row[0] == name)
    assert row == [name, str(known.gt), str(known.lr), known.folder, known.suffix]


def test_every_exit_code_is_in_the_table() -> None:
    told = {int(number) for row in rows("code") for number in row[0].split(", ")}
    assert told == set(ExitCode)
