"""`top`: lists several runs, once as text or JSON, or on a screen from which one attaches to a run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.commands.top.looking import Runs
from tui_gen.contract.job import JobConfig
from tui_gen.contract.registry import read_config
from tui_gen.views.text.run_rows import RunRow, row_lines, rows_json
from tui_gen.views.text.tables import line_width


@dataclass(frozen=True, slots=True)
class TopRequest:
    """What the user asked for."""

    configs: Sequence[Path] = ()  # none: the engines of this machine
    is_screen: bool = False
    is_json: bool = False
    is_ascii: bool = False


def top(request: TopRequest, out: TextIO) -> int:
    """List the runs and return the exit code. Raises RefusedError for a configuration that is refused."""
    runs = Runs([read_config(path).run for path in request.configs])
    if request.is_screen:
        from tui_gen.commands import screen

        return screen.run_list(runs.look, config_of, is_ascii=request.is_ascii)
    seen = asyncio.run(runs.look_once())
    if request.is_json:
        out.write(f"{json.dumps(rows_json(seen), indent=1)}\n")
    else:
        out.writelines(f"{line}\n" for line in row_lines(seen, line_width(out)))
    return ExitCode.DONE


def config_of(row: RunRow) -> JobConfig:
    """Return the configuration of a run whose engine is there. Raises RefusedError with a remedy."""
    if not row.is_engine_there:
        raise RefusedError(row.start_hint or row.note)
    if not row.config:
        message = f"{row.output}: the engine has not told its configuration yet; try again in a moment"
        raise RefusedError(message)
    config = read_config(Path(row.config))
    if config.run.output.resolve() != Path(row.output).resolve():
        message = (
            f"{row.config} writes to {config.run.output} by now; the engine on {row.output} is from before: "
            "name its configuration to attach to it"
        )
        raise RefusedError(message)
    return config
