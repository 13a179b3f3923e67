"""What a stranger meets at the command line: the help of a command, and what a slip is answered."""

from __future__ import annotations

import pytest

from tui_gen.base.exit_codes import ExitCode
from tui_gen.cli.arguments import COMMANDS, meant_command, parser, with_command
from tui_gen.cli.main import main


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit):
        parser().parse_args(list(arguments))
    captured = capsys.readouterr()
    return captured.out + captured.err


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_help_of_a_command_begins_with_its_own_usage_and_says_what_it_is_for(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    usage, purpose = said(capsys, command, "--help").split("\n\n")[:2]
    assert usage.startswith(f"usage: tui-gen {command} [-h]")
    assert purpose.rstrip().endswith((".", "?"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "--limit", "many"), "--limit: must be a whole number, 1 or more, not many"),
        (("run", "--workers", "0"), "--workers: must be a whole number, 1 or more, not 0"),
        (("split", "--suggest", "some"), "--suggest: must be a share like 5%, not some"),
        (("ctl", "pausse"), "invalid choice: 'pausse'"),
    ],
)
def test_a_wrong_value_is_answered_with_what_is_expected(
    arguments: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = said(capsys, *arguments)
    assert expected in answer
    assert f"tui-gen {arguments[0]}: error:" in answer


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("", "screen"),
        ("a.json --limit 3", "screen"),
        ("--limit 3", "screen"),
        ("a.json b.json", "top"),
        ("a.json b.json c.json --once", "top"),
        ("plan a.json", "plan"),
    ],
)
def test_a_command_that_is_left_out_is_the_screen_or_the_list_of_runs(words: str, command: str) -> None:
    assert parser().parse_args(with_command(words.split())).command == command


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("scna", "scan"),
        ("chek", "check"),
        ("films.json", None),
        ("-h", None),
        ("run", None),
        ("a/scna", None),
    ],
)
def test_a_slip_of_a_command_is_told_from_a_file(word: str, command: str | None) -> None:
    assert meant_command(word) == command


def test_a_slip_of_a_command_is_answered_with_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scna", "/films"]) == ExitCode.REFUSED
    assert "did you mean: tui-gen scan" in capsys.readouterr().err
