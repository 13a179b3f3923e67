"""The command `serve`: the screen of a run, or the review of groups, in a browser.

Invariant: nothing here starts an engine. A page attaches to the engine at work, or shows the last run.
"""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TextIO

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.commands.offered import offered
from tui_gen.commands.serve.access import AccessRules, token_for
from tui_gen.contract.job import JobConfig

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8642
_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True, slots=True)
class ServeRequest:
    """What was asked for on the command line."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    token: str | None = None
    may_steer: bool = False
    is_review: bool = False


def serve(config: JobConfig, request: ServeRequest, *, out: TextIO) -> int:
    """Serve until a signal comes; return the exit code. Raises RefusedError."""
    if request.is_review:
        offered(config.capabilities.group_reviewer, config.run.job, "review")
        if not request.may_steer:
            message = "a review changes files, and without --steer a page only shows: add --steer"
            raise RefusedError(message)
    rules = AccessRules(token_for(request.host, request.token))
    if find_spec("textual_serve") is None:
        message = "serve needs the package textual-serve: pip install '.[web]'"
        raise RefusedError(message)
    from tui_gen.commands.serve.page_process import END_SECONDS, REVIEW_END_SECONDS
    from tui_gen.commands.serve.server import ServedPages, run_server

    def say(port: int) -> None:
        out.writelines(f"{line}\n" for line in _opening(config, request, rules, port))
        out.flush()

    pages = ServedPages(
        title=f"tui-gen {display_name(config.run.output.name)}",
        page_command=page_command(config, request),
        host=request.host,
        port=request.port,
        rules=rules,
        end_seconds=REVIEW_END_SECONDS if request.is_review else END_SECONDS,
    )
    return run_server(pages, say)


def page_command(config: JobConfig, request: ServeRequest) -> list[str]:
    """Return the argument list of a page's process. It imports nothing from the working folder (-P)."""
    flags = [
        flag for flag, is_set in (("--steer", request.may_steer), ("--review", request.is_review)) if is_set
    ]
    path = str(config.run.path.absolute())
    return [sys.executable, "-P", "-m", "tui_gen", "serve", "--page", *flags, "--", path]


def _opening(config: JobConfig, request: ServeRequest, rules: AccessRules, port: int) -> list[str]:
    name = socket.gethostname() if request.host in _EVERYWHERE else request.host
    place = f"[{name}]" if ":" in name else name
    address = f"http://{place}:{port}/{f'?token={rules.token}' if rules.token else ''}"
    what = "review" if request.is_review else "screen"
    keys = "keys steer" if request.may_steer else "read-only; --steer lets keys steer"
    return [
        f"The {what} of {display_name(str(config.run.output))} is at {address}",
        f"({keys}). Ctrl-C ends it.",
    ]
