"""Finds a job by its name.

A job is a module named by an entry point of the group "tui_gen.jobs" that offers what `JobModule` of
`tui_gen.contract.job` says. Jobs do not know each other.

Every child that a job starts loads this page first: what is imported here delays each of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_gen.contract.job import JobConfig, JobModule

GROUP = "tui_gen.jobs"
DEFAULT_JOB = "superres"
_JOB_KEY = re.compile(rb'"job"\s*:\s*"([^"\\]*)"')


def read_config(path: Path, *, command: str = "run") -> JobConfig:
    """Read a configuration with the job it names, for a command.

    Raises RefusedError, also where the job offers nothing for that command.
    """
    from tui_gen.contract.job import CONFIG_OFFERS

    module = job_of(path)
    config = module.read_config(path)
    _refuse_unless_offered(config, CONFIG_OFFERS.get(command, ()), path, command)
    return config


def job_of(path: Path, *, command: str = "run") -> JobModule:
    """Return the job that a configuration names, the default one where there is no such file yet.

    Raises RefusedError, also where the job offers nothing for that command.
    """
    from tui_gen.base.errors import RefusedError
    from tui_gen.contract.job import MODULE_OFFERS

    try:
        module = find_job(_job_named_in(path))
    except RefusedError as error:
        message = f"{path}: job: {error}"
        raise RefusedError(message) from error
    _refuse_unless_offered(module, MODULE_OFFERS.get(command, ()), path, command)
    return module


def _refuse_unless_offered(offering: object, asked: Sequence[str], path: Path, command: str) -> None:
    from tui_gen.base.errors import RefusedError

    lacking = [name for name in asked if not hasattr(offering, name)]
    if lacking:
        message = (
            f'{path}: the job "{_job_named_in(path)}" offers no {command}: it lacks {", ".join(lacking)}'
            " (docs/adding-a-job.md)"
        )
        raise RefusedError(message)


def find_job(name: str) -> JobModule:
    """Return the module of a job. Raises RefusedError naming those there are."""
    from importlib.metadata import entry_points

    from tui_gen.base.errors import RefusedError

    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        message = f'there is no job "{name}"; write one of: {", ".join(sorted(found)) or "none is installed"}'
        raise RefusedError(message)
    module: JobModule = found[name].load()
    return module


def _job_named_in(path: Path) -> str:
    """Return the job a file names. What cannot be read is the default job's to complain about."""
    try:
        # Reading a named pipe would wait for ever.
        text = path.read_bytes() if path.is_file() else b""
    except OSError:
        return DEFAULT_JOB
    match = _JOB_KEY.search(text)
    return match.group(1).decode("utf-8", "replace") if match else DEFAULT_JOB
