"""The standard streams of the command line: opened where the caller closed them, and written printably."""

from __future__ import annotations

import io
import os
import sys

from tui_gen.base.formatting import display_name


def open_closed_streams() -> None:
    """Lead what the caller closed (`>&-`) to /dev/null, so that no opened file gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: the closed one's
            setattr(sys, name, os.fdopen(nowhere, mode, closefd=False))


def say_everything() -> None:
    """Have what a stream's encoding cannot say written as an escape, as on stderr: a name ends no run."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def say(line: str) -> None:
    """Write a line to the standard output, printable, at once."""
    sys.stdout.write(f"{display_name(line)}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Write lines to the standard error, printable, the first one with the program's name."""
    for number, line in enumerate(text.splitlines()):
        sys.stderr.write(f"{'' if number else 'tui-gen: '}{display_name(line)}\n")
