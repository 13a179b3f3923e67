"""Performs an opened run, controlled by signals and the control socket, and reports it.

The first SIGINT, SIGTERM or SIGHUP finishes the current clips and saves; a second signal stops at once.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from dataclasses import dataclass, field

from tui_gen.base.console_output import ConsoleOutput
from tui_gen.base.errors import RefusedError
from tui_gen.commands.cluster import exposure_of, opened_executor
from tui_gen.commands.run.opening import RunRequest, only_source, refused_where_not_writable
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.control.server import ControlServer
from tui_gen.engine.executors.base import Executor
from tui_gen.engine.model import events as ev
from tui_gen.engine.run.disk_guard import Watched
from tui_gen.engine.run.hooks import Hooks
from tui_gen.engine.run.run_log import LOG_NAME, logging_to
from tui_gen.engine.run.session import Session
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.options import Machine, Options
from tui_gen.engine.scheduling.steering import Steering
from tui_gen.views.text.run_lines import Reporter

log = logging.getLogger("tui_gen")


@dataclass(frozen=True, slots=True)
class Performed:
    """The end of a run."""

    ended: ev.RunEnded
    signals: tuple[int, ...]  # received, in order

    @property
    def exit_code(self) -> int:
        """The exit code: that of the run, or 128 plus the signal that ended it, as in shells."""
        return 128 + self.signals[0] if self.signals else self.ended.exit_code


def perform(request: RunRequest, session: Session, opened: OpenedJob, talk: ConsoleOutput) -> Performed:
    """Perform an opened job to its end. Raises RefusedError."""
    gc.freeze()  # objects loaded so far stay: collecting through them repeatedly would delay answers
    with logging_to(request.config.run.run_folder / LOG_NAME):
        try:
            return asyncio.run(_run(request, session, opened, talk))
        except RefusedError:
            raise
        except Exception:
            log.exception("internal error")
            raise


async def _run(request: RunRequest, session: Session, opened: OpenedJob, talk: ConsoleOutput) -> Performed:
    told = session.state.recent_count  # events of earlier runs are not printed again
    hooks = Hooks(request.config.run.hooks, session.state.copy)
    async with opened_executor(request.cluster_settings, opened, request.config.run) as executor:
        _begin(request, session, opened)
        if request.is_detached:
            talk.silence()
        run = _Run(request, session, opened, talk, told, hooks, executor)
        try:
            ended = await run.perform()
        except BaseException as error:
            session.fail(error)
            raise
        finally:
            await hooks.finish()
    try:
        opened.tidy(session.state.records)
    except OSError as error:
        log.warning("temporaries are left for the next start: %s", error)
    return Performed(ended, tuple(run.received))


def _begin(request: RunRequest, session: Session, opened: OpenedJob) -> None:
    """Make the folders and record the start: from here on the run has an end, on which hooks run."""
    with refused_where_not_writable(request.config.run):
        opened.prepare(session.state.records)
        session.begin(opened.job, config=request.config.run.path, output=request.config.run.output)


@dataclass(slots=True)
class _Run:
    """A run that has started, and the tasks beside it."""

    request: RunRequest
    session: Session
    opened: OpenedJob
    talk: ConsoleOutput
    told: int
    hooks: Hooks
    executor: Executor | None  # None: this process performs all units
    received: list[int] = field(default_factory=list)  # signals, in order
    _beside: list[asyncio.Task[None]] = field(default_factory=list)

    async def perform(self) -> ev.RunEnded:
        """Perform the job to its end; the tasks beside it end with it."""
        config, request = self.request.config.run, self.request
        with refused_where_not_writable(request.config.run):
            self._note_what_was_found()
        options = Options(
            workers=request.workers or config.workers,
            limit=request.limit,
            only=only_source(request.only, self.opened, self.session.state),
            open_sources=config.open_sources,
            machine=Machine(worker_bytes=config.worker_bytes),
        )
        watched = Watched(config.output, config.run_folder, config.status_path, config.min_free_bytes)
        try:
            return await self.session.perform(
                self.opened.job, options, watched, self._start_beside, executor=self.executor
            )
        finally:
            for task in self._beside:
                task.cancel()
            await asyncio.gather(*self._beside, return_exceptions=True)

    def _note_what_was_found(self) -> None:
        self.session.note(self.opened.found)
        settings = self.request.cluster_settings
        if settings is not None and (warning := exposure_of(settings)) is not None:
            self.session.note([ev.ProblemNoted(self.session.now(), "warning", warning)])
        for damage in self.session.damage:
            text = "a damaged line of the ledger was left out; what it told of is made again"
            self.session.note([ev.ProblemNoted(self.session.now(), "warning", text, detail=damage)])

    def _start_beside(self, steering: Steering) -> None:
        request, talk = self.request, self.talk
        _install_signals(steering, self.received, talk)
        reporter = Reporter(
            steering, talk.report, talk.err, self.session.now,
            is_verbose=request.is_verbose, is_json=request.is_json, told=self.told,
        )  # fmt: skip
        schedule = steering.follow_schedule(
            request.config.run.schedule, usual=request.workers or request.config.run.workers
        )
        schedule.look(may_set=request.workers is None)  # before any work begins
        server = ControlServer(
            steering,
            run_folder=request.config.run.run_folder,
            lock=self.session.lock,
            history=self.session.history,
        )
        for name, work in (
            ("report", _report(reporter)),
            ("workers", _follow_workers(steering, self.opened)),
            ("schedule", schedule.run()),
            ("hooks", self.hooks.run()),
            ("control", server.run()),
        ):
            task = asyncio.create_task(work, name=name)
            task.add_done_callback(self._note_failure)
            self._beside.append(task)

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        """Report what ended a task beside the run. The run goes on without the task."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        name = task.get_name()
        log.error("the task %r beside the run has failed", name, exc_info=error)
        text = f"internal error: the task {name!r} beside the run has failed; the work goes on without it"
        self.session.note([ev.ProblemNoted(self.session.now(), "error", text, detail=repr(error))])


def _install_signals(steering: Steering, received: list[int], talk: ConsoleOutput) -> None:
    loop = asyncio.get_running_loop()
    orders: set[asyncio.Task[str]] = set()

    def obey(number: int) -> None:
        received.append(number)
        is_first = len(received) == 1
        name = signal.Signals(number).name
        log.info("received %s", name)  # a closed terminal shows nothing
        if is_first:
            clips = steering.snapshot().nouns.clip.many
            talk.say(f"Received {name}: finishing the {clips} in hand, then saving. Once more stops now.")
        else:
            talk.say(f"Received {name}: stopping now.")
        order = asyncio.ensure_future(steering.steer(do.Drain() if is_first else do.Stop()))
        orders.add(order)
        order.add_done_callback(orders.discard)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup and service managers ignore a signal on purpose: leave it ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, obey, number)


async def _report(reporter: Reporter) -> None:
    try:
        await reporter.run()
    finally:
        reporter.look()


async def _follow_workers(steering: Steering, opened: OpenedJob) -> None:
    told = 0
    while True:
        wanted = steering.snapshot().workers_target
        if wanted != told:
            told = wanted
            opened.follow_workers(wanted)
        await asyncio.sleep(1)
