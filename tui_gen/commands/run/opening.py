"""Opens a run: checks everything before it takes the run folder, and refuses a run that cannot work."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.console_output import ConsoleOutput
from tui_gen.base.errors import RefusedError
from tui_gen.base.files import nearest_existing, owner_and_mode, sharing_remedy
from tui_gen.base.formatting import display_name, size
from tui_gen.base.nouns import Noun
from tui_gen.commands.changed_settings import redone_by_settings, refuse_changed_recipe
from tui_gen.commands.cluster import chosen_cluster, cluster_job, refuse_unreachable
from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.job import JobConfig
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.disk_guard import GO_ON_FACTOR
from tui_gen.engine.run.session import Session
from tui_gen.views.text.run_lines import opening_lines, resume_lines


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The arguments of a run."""

    config: JobConfig
    limit: int | None = None
    only: str | None = None
    workers: int | None = None
    is_fresh: bool = False
    may_mix: bool = False
    may_write_beside: bool = False
    is_verbose: bool = False
    is_json: bool = False
    is_detached: bool = False  # without a terminal; the log keeps the important lines
    cluster: str | None = None  # the address of a scheduler, or "none"; None: as configured

    @property
    def cluster_settings(self) -> ClusterSettings | None:
        """The machines that perform the work; None: this machine alone. Raises RefusedError."""
        return chosen_cluster(self.config.run, self.cluster)


def open_run(request: RunRequest, talk: ConsoleOutput) -> tuple[Session, OpenedJob]:
    """Check everything, then take the run folder. A refused run creates nothing."""
    config = request.config
    cluster = request.cluster_settings
    if cluster is not None:
        refuse_unreachable(cluster)
    session = _session(config) if config.run.run_folder.is_dir() else None
    try:
        state = session.state if session else _new_state(config)
        talk.say(
            *opening_lines(
                state,
                config=str(config.run.path),
                output=str(config.run.output),
                sources=config.run.source_count,
            )
        )
        opened = config.open(state.records, may_write_beside=request.may_write_beside)
        names = {source.source: source.name for source in opened.job.stages[0].plan(state.records).sources}
        if cluster is not None:
            cluster_job(opened, config.run.job)
        talk.say(*resume_lines(state, names), *opened.tools)
        if not request.may_mix:
            refuse_changed_recipe(config, opened.job, state)
        talk.say(*redone_by_settings(opened.job.stages, state))
        _check_room(config.run)
        only_source(request.only, opened, state)
        session = session or _session(config)
    except BaseException:
        if session:
            session.close()
        raise
    return session, opened


def check_fresh(request: RunRequest) -> None:
    """Raise what a run that starts over would raise, before anything is renamed."""
    # The current files in the folders will have been renamed.
    opened = request.config.open({}, may_write_beside=True)
    cluster = request.cluster_settings
    if cluster is not None:
        refuse_unreachable(cluster)
        cluster_job(opened, request.config.run.job)
    _check_room(request.config.run)
    only_source(request.only, opened, _new_state(request.config))


def _new_state(config: JobConfig) -> RunState:
    """Return the state of a run folder that does not exist yet."""
    state = RunState()
    state.apply(ev.JobDescribed(0.0, config.nouns))
    return state


def _session(config: JobConfig) -> Session:
    with refused_where_not_writable(config.run, config.run.run_folder):
        session = Session(config.run.run_folder)
        # At the time of the last event: a crashed run did not last until now.
        session.note([ev.JobDescribed(session.state.last_at, config.nouns)])
        session.note(config.recovered(session.state.records, session.now()))
    return session


@contextlib.contextmanager
def refused_where_not_writable(config: RunConfig, place: Path | None = None) -> Iterator[None]:
    """Translate a failure of the disk into a RefusedError that names the path, else `place` or the output."""
    try:
        yield
    except OSError as error:
        path = error.filename or place or config.output
        refused = nearest_existing(Path(os.fsdecode(path)))
        whose, remedy = owner_and_mode(refused), sharing_remedy(refused)
        of = "" if os.fspath(refused) == os.fsdecode(path) else f"{refused}: "
        message = (
            f"{path}: cannot be written ({error.strerror}{whose and f'; {of}{whose}'}); choose another "
            f'"{config.output_key}" in the configuration, or {remedy or "make this one writable"}'
        )
        raise RefusedError(message) from error


def _check_room(config: RunConfig) -> None:
    """Refuse a disk that can never have the required free space: waiting would never end."""
    place = next(folder for folder in (config.output, *config.output.parents) if folder.exists())
    total = shutil.disk_usage(place).total
    # A file system without blocks (/proc) has no free space to report; its problem shows when it is written.
    if total and total < config.min_free_bytes * GO_ON_FACTOR:
        message = (
            f"{config.path}: {config.min_free_key}: {size(config.min_free_bytes)} are to stay free, but "
            f"the disk of {config.output} has {size(total)} in all; write less there or choose another disk"
        )
        raise RefusedError(message)


def only_source(name: str | None, opened: OpenedJob, state: RunState) -> frozenset[str] | None:
    """Return the one source that was asked for; the plan also has sources that no run has processed."""
    if name is None:
        return None
    plan = opened.job.stages[0].plan(state.records)
    names = {source.source: source.name for source in plan.sources}
    return frozenset({find_source(name, names, state.nouns.source)})


def find_source(name: str, names: dict[str, str], noun: Noun) -> str:
    """Return the id of the source for a text: an id, an exact name, or a unique part of a name.

    `names` maps ids to names; `noun` is the job's noun for a source. Raises RefusedError.
    """
    if name in names:
        return name
    exact = [source for source, title in names.items() if title == name]
    wanted = name.casefold()
    found = exact or [source for source, title in names.items() if wanted in title.casefold()]
    if len(found) == 1:
        return found[0]
    if not found:
        message = f'no {noun.one} is called "{display_name(name)}"'
    else:
        titles = ", ".join(f"{display_name(names[source])} ({source})" for source in found[:5])
        message = f'"{display_name(name)}" fits {noun.counted(len(found))}: {titles}; name one by its id'
    raise RefusedError(message)
