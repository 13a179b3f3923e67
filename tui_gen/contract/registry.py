"""Finds a job by its name, and reads a configuration with the job that the configuration names.

A job is a module named by an entry point of the group "tui_gen.jobs" that offers what `JobModule` of
`tui_gen.contract.job` says. Jobs do not know each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.config.commented_json import CommentedJsonError, top_level_value
from tui_gen.contract.job import CONFIG_OFFERS, MODULE_OFFERS, JobConfig, JobModule

GROUP = "tui_gen.jobs"
DEFAULT_JOB = "superres"
_SPELLED_KEY = re.compile(rb'"(?:j|\\u006[aA])(?:o|\\u006[fF])(?:b|\\u0062)"')
"""The key "job" in all its spellings. A file without a match need not be parsed: thousands of videos take
a second. A match may also be a string or lie in a comment, so only the parser decides."""


def read_config(path: Path, *, command: str = "run") -> JobConfig:
    """Read a configuration with the job it names, for a command.

    Raises RefusedError, also where the job offers nothing for that command.
    """
    module = job_of(path)
    config = module.read_config(path)
    _refuse_unless_offered(config, CONFIG_OFFERS.get(command, ()), path, command)
    return config


def job_of(path: Path, *, command: str = "run") -> JobModule:
    """Return the job that a configuration names, the default one where there is no such file yet.

    Raises RefusedError, also where the job offers nothing for that command.
    """
    try:
        module = find_job(_job_named_in(path))
    except RefusedError as error:
        message = f"{path}: job: {error}"
        raise RefusedError(message) from error
    _refuse_unless_offered(module, MODULE_OFFERS.get(command, ()), path, command)
    return module


def _refuse_unless_offered(offering: object, asked: Sequence[str], path: Path, command: str) -> None:
    lacking = [name for name in asked if not hasattr(offering, name)]
    if lacking:
        message = (
            f'{path}: the job "{_job_named_in(path)}" offers no {command}: it lacks {", ".join(lacking)}'
            " (docs/adding-a-job.md)"
        )
        raise RefusedError(message)


def find_job(name: str) -> JobModule:
    """Return the module of a job. Raises RefusedError naming those there are."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        message = f'there is no job "{name}"; write one of: {", ".join(sorted(found)) or "none is installed"}'
        raise RefusedError(message)
    module: JobModule = found[name].load()
    return module


def _job_named_in(path: Path) -> str:
    """Return the job that the top-level key "job" of a file names.

    A file that cannot be read or parsed up to that key belongs to the default job, whose reader reports
    what is wrong with the file.
    """
    try:
        # Reading a named pipe would wait for ever.
        data = path.read_bytes() if path.is_file() else b""
        if not _SPELLED_KEY.search(data):
            return DEFAULT_JOB
        named = top_level_value(data.decode("utf-8-sig", "surrogateescape"), "job")
    except (OSError, CommentedJsonError):
        return DEFAULT_JOB
    return named if isinstance(named, str) else DEFAULT_JOB
