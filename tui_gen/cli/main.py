"""The command line: calls the command that was typed, and turns what it raises into an exit code."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.files import denial
from tui_gen.cli.arguments import meant_command, parser, with_command
from tui_gen.cli.dispatch import COMMANDS
from tui_gen.cli.streams import complain, open_closed_streams, say_everything
from tui_gen.engine.storage.lock import LockedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return the exit code."""
    open_closed_streams()
    say_everything()
    try:
        options = _parsed(sys.argv[1:] if arguments is None else list(arguments))
        return int(COMMANDS[options.command](options))
    except (RefusedError, PermissionError) as error:
        return _refused(error)
    except LockedError as error:
        complain(f"{error}\nAttach to it with: tui-gen, or stop it with: tui-gen ctl stop")
        return ExitCode.LOCKED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of a list has seen enough.
        sys.stderr.close()
        return ExitCode.DONE
    except Exception:  # noqa: BLE001 - the last door: a fault of the program, shown whole
        return _internal_error()


def _refused(error: RefusedError | PermissionError) -> int:
    if isinstance(error, RefusedError):
        complain(str(error))
    elif error.filename is None:
        return _internal_error()
    else:
        complain(denial(error))
    return ExitCode.REFUSED


def _internal_error() -> int:
    complain(f"internal error; please report this:\n{traceback.format_exc()}")
    return ExitCode.INTERNAL_ERROR


def _parsed(words: list[str]) -> argparse.Namespace:
    meant = meant_command(words[0]) if words else None
    if meant and not Path(words[0]).exists():
        message = f"{words[0]}: no such command and no such file; did you mean: tui-gen {meant}"
        raise RefusedError(message)
    return parser().parse_args(with_command(words))


def program() -> int:
    """Run the command as a process of its own, which no Ctrl-C keeps from ending with its code any more."""
    try:
        code = main()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        code = ExitCode.INTERRUPTED
    return code
