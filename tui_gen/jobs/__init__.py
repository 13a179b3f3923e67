"""Finds a job by its name.

A job is a module named by an entry point of the group "tui_gen.jobs" that offers what `JobModule` of
`tui_gen.job_contract` says. Jobs do not know each other.
"""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

from tui_gen.engine.work import RefusedError
from tui_gen.job_contract import JobConfig, JobModule

GROUP = "tui_gen.jobs"
DEFAULT_JOB = "superres"
_JOB_KEY = re.compile(rb'"job"\s*:\s*"([^"\\]*)"')


def read_config(path: Path) -> JobConfig:
    """Read a configuration with the job it names. Raises RefusedError."""
    try:
        module = find_job(_job_named_in(path))
    except RefusedError as error:
        message = f"{path}: job: {error}"
        raise RefusedError(message) from error
    return module.read_config(path)


def find_job(name: str) -> JobModule:
    """Return the module of a job. Raises RefusedError naming those there are."""
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
