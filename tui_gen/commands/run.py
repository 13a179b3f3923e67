"""The engine in the foreground: opens a run, steers it by signals, reports it, and ends with a code.

The first SIGINT, SIGTERM or SIGHUP finishes the clips in hand and saves; a second one stops now.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import shlex
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import count, display_name, size
from tui_gen.commands.report import leave_page
from tui_gen.commands.split import move_near_duplicates
from tui_gen.contract.job import JobConfig, OpenedJob
from tui_gen.engine.control.server import ControlError, ControlServer
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.hooks import Hooks
from tui_gen.engine.run.housekeeping import GO_ON_FACTOR, Watched, identity
from tui_gen.engine.run.run_log import LOG_NAME, logging_to
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME, Session, recipe_differences, replay
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.scheduler import Options
from tui_gen.engine.scheduling.steering import Steering
from tui_gen.engine.storage.lock import is_held
from tui_gen.views.text.progress import long_reading
from tui_gen.views.text.run_lines import (
    LOOK_SECONDS,
    Reporter,
    final_lines,
    opening_lines,
    resume_lines,
    saved_lines,
)

log = logging.getLogger("tui_gen")

_STOP_NOW = 2
"""So many signals stop at once."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the command line asks of a run."""

    config: JobConfig
    limit: int | None = None
    only: str | None = None
    workers: int | None = None
    is_fresh: bool = False
    may_mix: bool = False
    may_write_beside: bool = False
    is_verbose: bool = False
    is_json: bool = False
    is_detached: bool = False  # nobody reads; what is worth keeping goes to the log


@dataclass(slots=True)
class ConsoleOutput:
    """Where a run's lines go. A terminal or pipe that is gone does not end the work."""

    out: TextIO
    err: TextIO

    def say(self, *lines: str) -> None:
        """Write lines for people."""
        try:
            self.out.writelines(f"{line}\n" for line in lines)
            self.out.flush()
        except OSError as error:
            self.fall_silent(error)

    def fall_silent(self, error: OSError) -> None:
        """Go on without a reader, or without one of the two."""
        log.warning("nobody reads the report any more: %s", error)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # the error that is being dealt with
                _silence(stream)

    def silence(self) -> None:
        """Write nothing from now on."""
        _silence(sys.stdout)
        _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    """Lead a stream to nowhere; what it still holds goes there too, at the latest when Python ends."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def run(request: RunRequest) -> int:
    """Run to the end and return the exit code. Raises RefusedError, LockedError."""
    if request.is_fresh:
        _check_fresh(request)
        archive_previous(request.config)
    talk = ConsoleOutput(sys.stderr if request.is_json else sys.stdout, sys.stderr)
    session, opened = open_run(request, talk)
    try:
        began_in = identity(request.config.run_folder)
        done = perform(request, session, opened, talk)
        if len(done.signals) < _STOP_NOW and _stands(request.config.run_folder, began_in):
            _move_near_duplicates(request, session, talk)
        _say_the_end(request, session.state, done.ended, talk, session.now())
    finally:
        session.close()
    # The folder is free by now: the page of a run of a million clips takes a while.
    if _stands(request.config.run_folder, began_in):
        _leave_page(request, session.state, talk)
    return done.exit_code


def _stands(run_folder: Path, began_in: tuple[int, int]) -> bool:
    """Whether a folder is still the one that the run began in: in another nothing is written."""
    try:
        return identity(run_folder) == began_in
    except OSError:
        return False


def _move_near_duplicates(request: RunRequest, session: Session, talk: ConsoleOutput) -> None:
    """Take training patches that look like one kept aside out of the training folders."""
    try:
        moved = move_near_duplicates(request.config, session)
    except OSError as error:
        place = error.filename or request.config.output
        text = f"{place}: {error.strerror}; go on with: tui-gen split --move"
        log.warning("%s", text)
        talk.say(f"Training patches that look like one kept aside: {display_name(text)}")
        return
    if moved:
        talk.say(
            f"Moved {count(moved)} training patches that look like one kept aside to folders of their own."
        )


def _leave_page(request: RunRequest, state: RunState, talk: ConsoleOutput) -> None:
    with contextlib.ExitStack() as logged:
        with contextlib.suppress(OSError):  # said by the page itself, which has the same folder
            logged.enter_context(logging_to(request.config.run_folder / LOG_NAME))
        if notice := long_reading(request.config.run_folder / LEDGER_NAME):
            talk.say(f"All is saved. Writing the report: {notice}")
        talk.say(leave_page(request.config, state))


@dataclass(frozen=True, slots=True)
class Performed:
    """How a run came to its end."""

    ended: ev.RunEnded
    signals: tuple[int, ...]  # received, in order

    @property
    def exit_code(self) -> int:
        """As shells have it where a signal ended it."""
        return 128 + self.signals[0] if self.signals else self.ended.exit_code


def perform(request: RunRequest, session: Session, opened: OpenedJob, talk: ConsoleOutput) -> Performed:
    """Perform an opened job to its end, steered by signals and the control socket. Raises RefusedError."""
    gc.freeze()  # what is loaded by now stays: looking through it again and again would delay answers
    with logging_to(request.config.run_folder / LOG_NAME):
        try:
            return asyncio.run(_run(request, session, opened, talk))
        except RefusedError:
            raise
        except Exception:
            log.exception("internal error")
            raise


def open_run(request: RunRequest, talk: ConsoleOutput) -> tuple[Session, OpenedJob]:
    """Look at everything, then take the run folder. Nothing is created when it is refused."""
    config = request.config
    session = _session(config) if config.run_folder.is_dir() else None
    try:
        state = session.state if session else RunState()
        talk.say(
            *opening_lines(
                state, config=str(config.path), output=str(config.output), videos=config.source_count
            )
        )
        opened = config.open(state.records, may_write_beside=request.may_write_beside)
        names = {source.source: source.name for source in opened.job.stages[0].plan(state.records).sources}
        talk.say(*resume_lines(state, names), *opened.tools)
        _check_recipe(request, state, opened)
        _check_room(config)
        _only(request.only, opened, state)
        session = session or _session(config)
    except BaseException:
        if session:
            session.close()
        raise
    return session, opened


def _check_fresh(request: RunRequest) -> None:
    """Refuse what a run that starts over would refuse, while everything is still in its place."""
    # What lies in the folders now will have been moved away.
    opened = request.config.open({}, may_write_beside=True)
    _check_room(request.config)
    _only(request.only, opened, RunState())


def _session(config: JobConfig) -> Session:
    try:
        session = Session(config.run_folder)
        session.note(config.recovered(session.state.records, session.now()))
    except OSError as error:
        message = (
            f"{error.filename or config.run_folder}: cannot be written ({error.strerror}); choose another "
            '"output_base_dir" in the configuration or make this one writable'
        )
        raise RefusedError(message) from error
    return session


def _check_recipe(request: RunRequest, state: RunState, opened: OpenedJob) -> None:
    differences = recipe_differences(state.recipe, opened.job.recipe)
    if differences and not request.may_mix:
        listed = "\n".join(f"  {difference}" for difference in differences)
        message = (
            f"{request.config.path}: the recipe differs from that of {request.config.run_folder}:\n{listed}\n"
            "Patches of two recipes would mix. Take the change back, choose another output_base_dir, start "
            "over with --fresh (nothing is deleted), or go on all the same with --mix."
        )
        raise RefusedError(message)


def _check_room(config: JobConfig) -> None:
    """Refuse a disk that can never hold what is to stay free: waiting for it would have no end."""
    place = next(folder for folder in (config.output, *config.output.parents) if folder.exists())
    total = shutil.disk_usage(place).total
    # A file system without blocks (/proc) says nothing of room; what is wrong with it shows on writing.
    if total and total < config.min_free_bytes * GO_ON_FACTOR:
        message = (
            f"{config.path}: base_settings.min_free_gb: {size(config.min_free_bytes)} are to stay free, but "
            f"the disk of {config.output} has {size(total)} in all; write less there or choose another disk"
        )
        raise RefusedError(message)


async def _run(request: RunRequest, session: Session, opened: OpenedJob, talk: ConsoleOutput) -> Performed:
    config, state = request.config, session.state
    told = state.recent_count  # what earlier runs said is not said again
    _begin(request, session, opened)
    options = Options(
        workers=request.workers or config.workers,
        limit=request.limit,
        only=_only(request.only, opened, state),
    )
    received: list[int] = []
    reporting: list[asyncio.Task[None]] = []
    hooks = Hooks(config.hooks, state.copy)

    if request.is_detached:
        talk.silence()

    def start(steering: Steering) -> None:
        _install_signals(steering, received, talk)
        reporter = Reporter(
            steering, talk.out if not request.is_json else sys.stdout, talk.err, session.now,
            is_verbose=request.is_verbose, is_json=request.is_json, told=told,
        )  # fmt: skip
        reporting.append(asyncio.create_task(_report(reporter, talk), name="report"))
        reporting.append(asyncio.create_task(_follow_workers(steering, opened), name="workers"))
        reporting.append(asyncio.create_task(hooks.run(), name="hooks"))
        server = ControlServer(steering, run_folder=config.run_folder, lock=session.lock)
        reporting.append(asyncio.create_task(_serve(server), name="control"))

    watched = Watched(config.output, config.run_folder, config.status_path, config.min_free_bytes)
    try:
        ended = await session.perform(opened.job, options, watched, start)
    finally:
        for task in reporting:
            task.cancel()
        await asyncio.gather(*reporting, return_exceptions=True)
    await hooks.finish()
    try:
        opened.tidy(state.records)
    except OSError as error:
        log.warning("temporaries are left for the next start: %s", error)
    return Performed(ended, tuple(received))


def _begin(request: RunRequest, session: Session, opened: OpenedJob) -> None:
    config = request.config
    try:
        opened.prepare(session.state.records)
        session.begin(opened.job, config=config.path, output=config.output)
        session.note(opened.found)
    except OSError as error:
        message = (
            f"{error.filename or config.output}: cannot be written ({error.strerror}); choose another "
            '"output_base_dir" in the configuration or make this one writable'
        )
        raise RefusedError(message) from error
    for damage in session.damage:
        text = "a damaged line of the ledger was left out; what it told of is made again"
        session.note([ev.ProblemNoted(session.now(), "warning", text, detail=damage)])


def _only(name: str | None, opened: OpenedJob, state: RunState) -> frozenset[str] | None:
    """Return the one video that is asked for; the plan knows those that no run has met yet."""
    if name is None:
        return None
    plan = opened.job.stages[0].plan(state.records)
    return frozenset({find_source(name, {source.source: source.name for source in plan.sources})})


def find_source(name: str, names: dict[str, str]) -> str:
    """Return the id that a person means: an id, an exact name, or a unique part of a name.

    `names` maps ids to names. Raises RefusedError.
    """
    if name in names:
        return name
    exact = [source for source, title in names.items() if title == name]
    wanted = name.casefold()
    found = exact or [source for source, title in names.items() if wanted in title.casefold()]
    if len(found) == 1:
        return found[0]
    if not found:
        message = f'no video is called "{display_name(name)}"'
    else:
        titles = ", ".join(f"{display_name(names[source])} ({source})" for source in found[:5])
        message = f'"{display_name(name)}" fits {len(found)} videos: {titles}; name one by its id'
    raise RefusedError(message)


def _install_signals(steering: Steering, received: list[int], talk: ConsoleOutput) -> None:
    loop = asyncio.get_running_loop()
    orders: set[asyncio.Task[str]] = set()

    def obey(number: int) -> None:
        received.append(number)
        is_first = len(received) == 1
        name = signal.Signals(number).name
        log.info("received %s", name)  # a terminal that was closed shows nothing
        if is_first:
            talk.say(f"Received {name}: finishing the clips in hand, then saving. Once more stops now.")
        else:
            talk.say(f"Received {name}: stopping now.")
        order = asyncio.ensure_future(steering.steer(do.Drain() if is_first else do.Stop()))
        orders.add(order)
        order.add_done_callback(orders.discard)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup and service managers ignore a signal on purpose: leave it ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, obey, number)


async def _serve(server: ControlServer) -> None:
    try:
        await server.run()
    except (OSError, ControlError) as error:
        # The work needs no socket; signals still steer it.
        log.error("no control socket: %s", error)  # noqa: TRY400 - the text says all


async def _report(reporter: Reporter, talk: ConsoleOutput) -> None:
    try:
        while True:
            try:
                await reporter.run()
            except OSError as error:
                talk.fall_silent(error)
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        with contextlib.suppress(OSError):  # nobody reads: said in the log already
            reporter.look()


async def _follow_workers(steering: Steering, opened: OpenedJob) -> None:
    told = 0
    while True:
        wanted = steering.snapshot().workers_target
        if wanted != told:
            told = wanted
            opened.follow_workers(wanted)
        await asyncio.sleep(1)


def _say_the_end(
    request: RunRequest, state: RunState, ended: ev.RunEnded, talk: ConsoleOutput, now: float
) -> None:
    config = request.config
    if ended.result == "stopped":
        command = f"tui-gen run {shlex.quote(str(config.path))}"
        talk.say(*saved_lines(state, ledger=str(config.run_folder / LEDGER_NAME), command=command))
    else:
        talk.say(*final_lines(state, now))


def archive_previous(config: JobConfig) -> None:
    """Rename the ledger and the category folders to `.<date>`, so that a run starts over.

    Raises RefusedError when an engine is at work there. Nothing is deleted.
    """
    if is_held(config.run_folder / LOCK_NAME):
        message = f"{config.run_folder}: an engine is working here; stop it before starting over"
        raise RefusedError(message)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    with contextlib.ExitStack() as taken_back:
        for path in (config.run_folder / LEDGER_NAME, *config.category_folders):
            kept = path.with_name(f"{path.name}.{stamp}")
            try:
                path.rename(kept)
            except FileNotFoundError:
                continue
            except OSError as error:
                message = f"{path}: cannot be renamed ({error.strerror}); nothing was changed"
                raise RefusedError(message) from error
            taken_back.callback(kept.rename, path)
        taken_back.pop_all()


def what_stands(config: JobConfig) -> tuple[int, int]:
    """Return how many patches and bytes the ledger of a configuration's output folder tells of."""
    state, _ = replay(config.run_folder)
    categories = state.categories.values()
    return sum(c.images for c in categories), sum(c.size_bytes for c in categories)
