"""The values of arguments: each function reads one text, or raises ArgumentTypeError.

Also what the arguments of several commands have in common.
"""

from __future__ import annotations

import argparse
import contextlib
import re
from typing import TypeAlias

from tui_gen.config.cluster_address import NO_CLUSTER, AddressError, parse_address

DEFAULT_CONFIG = "generator_config.json"
CONFIG_HELP = "the configuration; default: %(default)s"
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse names it so

_MACHINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LAST_PORT = 65535
_LEAST_CELLS, _MOST_CELLS = 10, 1000


def port(text: str) -> int:
    """Return the number of a port, 0 to 65535."""
    with contextlib.suppress(ValueError):
        number = int(text)
        if 0 <= number <= _LAST_PORT:
            return number
    message = f"must be a port, 0 to {_LAST_PORT}, not {text}"
    raise argparse.ArgumentTypeError(message)


def cluster(text: str) -> str:
    """Return the address of a scheduler, or "none" for this machine alone."""
    return text if text == NO_CLUSTER else scheduler(text)


def scheduler(text: str) -> str:
    """Return the address of a scheduler like `tcp://nas:8786`."""
    try:
        return str(parse_address(text))
    except AddressError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def machine_name(text: str) -> str:
    """Return the name of a machine: up to 64 letters, digits, dots, underscores and hyphens."""
    if _MACHINE.fullmatch(text):
        return text
    message = f"must be a name of letters, digits, dots, underscores and hyphens, not {text}"
    raise argparse.ArgumentTypeError(message)


def speed(text: str) -> float:
    """Return a speed like `60` or `x60`."""
    with contextlib.suppress(ValueError):
        found = float(text.removeprefix("x"))
        if 0 < found < float("inf"):
            return found
    message = f"must be a number above 0, not {text}"
    raise argparse.ArgumentTypeError(message)


def cells(text: str) -> tuple[int, int]:
    """Return the columns and lines of a size like `120x36`."""
    columns, _, lines = text.partition("x")
    with contextlib.suppress(ValueError):
        size = int(columns), int(lines)
        if all(_LEAST_CELLS <= each <= _MOST_CELLS for each in size):
            return size
    message = f"must be a size of the screen like 120x36, not {text}"
    raise argparse.ArgumentTypeError(message)


def share(text: str) -> float:
    """Return the share, above 0 and below 1, of a text like `5%`."""
    with contextlib.suppress(ValueError):
        found = float(text.removesuffix("%")) / 100
        if 0 < found < 1:
            return found
    message = f"must be a share like 5%, not {text}"
    raise argparse.ArgumentTypeError(message)


def names(text: str) -> tuple[str, ...]:
    """Return the names of a list with commas."""
    return tuple(name for name in text.split(",") if name)


def positive(text: str) -> int:
    """Return a whole number of 1 or more."""
    with contextlib.suppress(ValueError):
        number = int(text)
        if number >= 1:
            return number
    message = f"must be a whole number, 1 or more, not {text}"
    raise argparse.ArgumentTypeError(message)
