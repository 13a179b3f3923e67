"""The conditions of the program, the processors and the terminal. Reads only."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version

import psutil

from tui_gen import __version__
from tui_gen.base.formatting import size
from tui_gen.base.terminals import UNABLE
from tui_gen.contract.inspect import Condition

SCREEN_LIBRARIES = ("textual", "rich", "psutil")
LEAST_COLUMNS, LEAST_ROWS = 60, 16
"""On a smaller screen, important information is left out."""


def program() -> Condition:
    """Return the version of this program, and the system."""
    libraries = ", ".join(f"{name} {version(name)}" for name in SCREEN_LIBRARIES)
    return Condition(
        "program", "good", f"tui-gen {__version__}, Python {platform.python_version()}, {libraries}"
    )


def processors() -> Condition:
    """Return the number of processors and the memory."""
    memory = psutil.virtual_memory()
    number = os.cpu_count()
    cores = "an unknown number of processors" if number is None else f"{number} processors"
    return Condition(
        "machine",
        "good",
        f"{cores}, {size(memory.total)} of memory, {size(memory.available)} of it available",
    )


def terminal(environ: Mapping[str, str], descriptor: int = 2) -> Condition:
    """Return whether the screen can be drawn well on the terminal of a descriptor."""
    if not os.isatty(descriptor):
        return Condition(
            "terminal", "unknown", "this is none; `tui-gen` behaves as `tui-gen run` without one"
        )
    columns, rows = os.get_terminal_size(descriptor)
    name = environ.get("TERM", "")
    if name in UNABLE:
        says = f"TERM is {name or 'not set'}: the screen cannot be drawn; tui-gen run reports line by line"
        return Condition("terminal", "warning", says)
    parts = [f"{columns}x{rows}", name, _colours(environ, descriptor)]
    remedies = []
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        remedies.append(f"{LEAST_COLUMNS}x{LEAST_ROWS} or more shows all that matters")
    if _says_utf8(environ):
        parts.append("UTF-8")
    else:
        remedies.append(
            "whether it shows UTF-8 is not known: neither LC_ALL, LC_CTYPE nor LANG says so; "
            "if bars look broken: export LANG=C.UTF-8, or tui-gen --ascii"
        )
    return Condition("terminal", "warning" if remedies else "good", "; ".join([", ".join(parts), *remedies]))


def _colours(environ: Mapping[str, str], descriptor: int) -> str:
    if environ.get("NO_COLOR"):
        return "colours off (NO_COLOR)"
    if environ.get("COLORTERM", "").casefold() in {"truecolor", "24bit"}:
        return "all colours"
    number = _colours_in_terminfo(environ["TERM"], descriptor)
    return f"{number} colours" if number is not None else "colours not known"


def _colours_in_terminfo(name: str, descriptor: int) -> int | None:
    try:
        import curses
    except ImportError:  # some builds of Python lack it
        return None
    try:
        curses.setupterm(name, descriptor)
        number = curses.tigetnum("colors")
    except curses.error:  # this machine has no entry of that name
        return None
    return number if number > 0 else None


def _says_utf8(environ: Mapping[str, str]) -> bool:
    """Return whether the locale is UTF-8, by the first variable that is set, in order of precedence."""
    locale = next((value for key in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environ.get(key))), "")
    return "utf8" in locale.casefold().replace("-", "")
