"""Finds a job by its name, and reads a configuration with the job that the configuration names.

A job is a module named by an entry point of the group "tui_gen.jobs" that offers what `JobModule` of
`tui_gen.contract.job` says. Jobs do not know each other.
"""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

from tui_gen.base.errors import RefusedError
from tui_gen.config.commented_json import CommentedJsonError, top_level_value
from tui_gen.contract.job import JobConfig, JobModule

GROUP = "tui_gen.jobs"
DEFAULT_JOB = "superres"
_SPELLED_KEY = re.compile(rb'"(?:j|\\u006[aA])(?:o|\\u006[fF])(?:b|\\u0062)"')
"""The key "job" in all its spellings. A file without a match need not be parsed: thousands of videos take
a second. A match may also be a string or lie in a comment, so only the parser decides."""


def read_config(path: Path) -> JobConfig:
    """Read a configuration with the job that it names. Raises RefusedError."""
    _, module = job_of(path)
    return module.read_config(path)


def job_of(path: Path, wanted: str | None = None) -> tuple[str, JobModule]:
    """Return the job of a configuration, by name and as a module. Raises RefusedError.

    If there is no such file yet, it is the wanted job, or the default one.
    """
    name = _job_named_in(path) if path.exists() else wanted or DEFAULT_JOB
    if wanted is not None and name != wanted:
        message = (
            f'{path}: its job is "{name}", not "{wanted}": leave out --job, or name another file or folder'
        )
        raise RefusedError(message)
    try:
        return name, find_job(name)
    except RefusedError as error:
        where = "--job" if name == wanted else f"{path}: job"
        message = f"{where}: {error}"
        raise RefusedError(message) from error


def find_job(name: str) -> JobModule:
    """Return the module of a job. Raises RefusedError naming those there are."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        message = f'there is no job "{name}"; write one of: {", ".join(sorted(found)) or "none is installed"}'
        raise RefusedError(message)
    module: JobModule = found[name].load()
    return module


def job_names() -> list[str]:
    """Return the names of the installed jobs, the default one first."""
    names = {point.name for point in entry_points(group=GROUP)}
    return sorted(names, key=lambda name: (name != DEFAULT_JOB, name))


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
