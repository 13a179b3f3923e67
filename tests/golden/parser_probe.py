"""Print the structure of the program's command line as JSON. Run as a process of its own by the tests.

The parser is taken from `ArgumentParser.parse_args`, wherever the program makes it. Prose (help, usage,
descriptions) and names of Python objects are left out.

    python parser_probe.py '[["--limit", "3"], []]'     also: which command each of these lines means
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

VALUES = ("-1", "0", "1", "2.5", "5%", "word", "")
"""Texts that tell the types of arguments apart."""


class _Seen(BaseException):
    """The program has come to its command line."""

    def __init__(self, found: Any) -> None:  # noqa: ANN401 - a parser, or the words of a command
        self.found = found


def parser_of_program() -> argparse.ArgumentParser:
    """Return the parser that the program uses."""

    def seen(parser: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        raise _Seen(parser)

    found = _started_with(["run"], argparse.ArgumentParser, ("parse_args", "parse_known_args"), seen)
    assert isinstance(found, argparse.ArgumentParser)
    return found


def meant_by(words: list[str]) -> list[str]:
    """Return the command that a command line means, and the words that are left for it."""

    def seen(_: object, __: object, ___: object, values: Sequence[str], *____: object) -> NoReturn:
        raise _Seen(list(values))

    found: list[str] = _started_with(words, argparse._SubParsersAction, ("__call__",), seen)
    return found


def _started_with(words: list[str], kind: type, methods: Sequence[str], seen: Callable[..., NoReturn]) -> Any:  # noqa: ANN401 - as `_Seen`
    """Start the program with methods of argparse replaced; return what these have seen."""
    kept = {name: getattr(kind, name) for name in methods}
    sys.argv = ["tui-gen", *words]
    try:
        for name in methods:
            setattr(kind, name, seen)
        runpy.run_module("tui_gen", run_name="__main__", alter_sys=True)
    except _Seen as end:
        return end.found
    finally:
        for name, method in kept.items():
            setattr(kind, name, method)
    message = f"the program has not looked at its command line: {words}"
    raise RuntimeError(message)


def structure(parser: argparse.ArgumentParser) -> dict[str, Any]:
    """Return a parser's arguments and, by their names, the parsers of its commands."""
    positionals, options, commands = [], {}, {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            commands = {name: structure(found) for name, found in action.choices.items()}
            positionals.append({**_argument(action), "choices": None})
        elif action.option_strings:
            options[action.option_strings[-1]] = {
                **_argument(action),
                "strings": sorted(action.option_strings),
            }
        else:
            positionals.append(_argument(action))
    return {
        "positionals": positionals,
        "options": options,
        "commands": commands,
        "exclusive": sorted(_exclusive(group) for group in parser._mutually_exclusive_groups),
    }


def _argument(action: argparse.Action) -> dict[str, Any]:
    return {
        "kind": type(action).__name__.strip("_"),
        "metavar": action.metavar if action.metavar is not None or action.option_strings else action.dest,
        "nargs": action.nargs,
        "const": action.const,
        "default": None if action.default is argparse.SUPPRESS else action.default,
        "choices": None if action.choices is None else list(action.choices),
        "required": action.required,
        "hidden": action.help == argparse.SUPPRESS,
        "values": _values(action.type),
    }


def _values(kind: Any) -> dict[str, str] | None:  # noqa: ANN401 - a function or a class
    """Return what becomes of some texts, which describes a type without naming it."""
    return None if kind is None else {text: _value(kind, text) for text in VALUES}


def _value(kind: Callable[[str], object], text: str) -> str:
    try:
        return repr(kind(text))
    except (ValueError, TypeError, argparse.ArgumentTypeError):
        return "refused"


def _exclusive(group: argparse._MutuallyExclusiveGroup) -> list[str]:
    actions = group._group_actions
    return sorted(action.option_strings[-1] if action.option_strings else action.dest for action in actions)


def main() -> None:
    """Print the structure, and what the given command lines mean."""
    lines: list[list[str]] = json.loads(sys.argv[1])
    found = {
        "parser": structure(parser_of_program()),
        "lines": [{"words": words, "meant": meant_by(words)} for words in lines],
    }
    sys.stdout.write(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
