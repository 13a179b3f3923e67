"""Writes the documentation of every command, flag and key from what the program itself goes by.

python -m tui_gen.cli.reference > docs/commands.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tui_gen.base.nouns import USUAL_NOUNS
from tui_gen.cli.arguments import parser
from tui_gen.tui.actions import ALL_ACTIONS, Action
from tui_gen.tui.groups.keys import GROUP_ACTIONS, GROUP_SIGNALS, MEMBER_ACTIONS
from tui_gen.tui.replay import REPLAY_ACTIONS
from tui_gen.tui.review.keys import REVIEW_ACTIONS, REVIEW_SIGNALS
from tui_gen.tui.runs.keys import RUNS_ACTIONS, RUNS_SIGNALS

INTRODUCTION = """# Commands and keys

Every command, flag and key. Written from the program by
`python -m tui_gen.cli.reference > docs/commands.md`; do not edit it here.
`tui-gen COMMAND --help` says the same.

`tui-gen [CONFIG]` alone is `tui-gen screen`; with two or more CONFIG it is `tui-gen top`. Where a
command needs a CONFIG and none is given, it is `./generator_config.json`.
Data goes to the standard output, talk to the standard error. A NAME is a video's id, its exact
name or a part of it that no other has. The exit codes are in the [README](../README.md#exit-codes).
"""
_KEYS = {
    "plus": "+", "equals_sign": "=", "minus": "-", "underscore": "_", "slash": "/", "question_mark": "?",
    "left_square_bracket": "[", "right_square_bracket": "]", "escape": "esc",
}  # fmt: skip
_KEYMAP = """\
Keys are changed by their ids: `"keymap": {"pause": "f5"}` in the configuration.
"""


def reference() -> str:
    """Return the whole document."""
    parts = [INTRODUCTION, "## Commands\n"]
    for name, command in _subcommands(parser()).items():
        parts.append(_section(f"tui-gen {name}", command, level=3))
        for order, suborder in _subcommands(command).items():
            parts.append(_section(f"tui-gen {name} {order}", suborder, level=4))
    parts += ["## Keys\n", _KEYMAP, _key_table(ALL_ACTIONS)]
    parts += ["## Keys of `replay`\n", _key_table(REPLAY_ACTIONS)]
    parts += [
        "## Keys of `top`\n",
        "The list belongs to no configuration: a keymap does not change these keys.\n",
    ]
    parts += [_key_table((*RUNS_ACTIONS, *RUNS_SIGNALS))]
    parts += ["## Keys of the review of `scan`\n", _key_table((*REVIEW_ACTIONS, *REVIEW_SIGNALS))]
    parts += [
        "## Keys of `review`\n",
        "In the list of groups:\n",
        _key_table((*GROUP_ACTIONS, *GROUP_SIGNALS)),
    ]
    parts += ["Among the images of a group:\n", _key_table(MEMBER_ACTIONS)]
    return "\n".join(parts)


def _subcommands(command: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands of a parser by name, with what its list says of each as their description."""
    for action in command._actions:  # noqa: SLF001 - argparse offers no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            for choice in action._choices_actions:  # noqa: SLF001 - as above
                action.choices[choice.dest].description = choice.help
            return dict(action.choices)
    return {}


def _section(name: str, command: argparse.ArgumentParser, *, level: int) -> str:
    arguments = [action for action in command._actions if _is_told(action)]  # noqa: SLF001 - as above
    positional = "".join(f" {_metavar(action)}" for action in arguments if not action.option_strings)
    lines = [f"{'#' * level} `{name}{positional}`", "", f"{_sentence(command.description or '')}", ""]
    told = [(action, _help(action)) for action in arguments if _help(action)]
    if told:
        lines += ["| | |", "|---|---|"]
        lines += [f"| `{_written(action)}` | {text} |" for action, text in told]
        lines.append("")
    return "\n".join(lines)


def _is_told(action: argparse.Action) -> bool:
    is_ours = not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)  # noqa: SLF001 - as above
    return is_ours and action.help != argparse.SUPPRESS


def _help(action: argparse.Action) -> str:
    text = (action.help or "").replace("%(default)s", str(action.default))
    return text.replace("|", "&#124;")


def _written(action: argparse.Action) -> str:
    """`-o, --output FILE`; a positional argument by its name alone."""
    value = f" {action.metavar}" if action.option_strings and action.nargs != 0 else ""
    return (", ".join(action.option_strings) + value) or _metavar(action)


def _metavar(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest).replace("|", " or ")
    return {"?": f"[{name}]", "+": f"{name}...", "*": f"[{name}...]"}.get(str(action.nargs), name)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"


def _key_table(actions: Sequence[Action]) -> str:
    rows = [
        f"| {_keys(action)} | {_sentence(action.meaning_with(USUAL_NOUNS) or action.words)} | `{action.id}` |"
        for group in ("work", "source", "look", "move", "leave")
        for action in actions
        if action.group == group
    ]
    return "\n".join(["| keys | what they do | id |", "|---|---|---|", *rows, ""])


def _keys(action: Action) -> str:
    return " ".join(f"`{_KEYS.get(key, key)}`" for key in action.keys.split(","))


if __name__ == "__main__":
    sys.stdout.write(reference())
