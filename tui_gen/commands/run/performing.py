"""Performs an opened run: steers it by signals and the control socket, and reports it.

The first SIGINT, SIGTERM or SIGHUP finishes the clips in hand and saves; a second one stops now.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from dataclasses import dataclass

from tui_gen.base.console_output import ConsoleOutput
from tui_gen.base.errors import RefusedError
from tui_gen.commands.run.opening import RunRequest, only_source
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.control.server import ControlServer
from tui_gen.engine.model import events as ev
from tui_gen.engine.run.hooks import Hooks
from tui_gen.engine.run.housekeeping import Watched
from tui_gen.engine.run.run_log import LOG_NAME, logging_to
from tui_gen.engine.run.session import Session
from tui_gen.engine.scheduling import commands as do
from tui_gen.engine.scheduling.scheduler import Options
from tui_gen.engine.scheduling.steering import Steering
from tui_gen.views.text.run_lines import LOOK_SECONDS, Reporter

log = logging.getLogger("tui_gen")


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
    with logging_to(request.config.run.run_folder / LOG_NAME):
        try:
            return asyncio.run(_run(request, session, opened, talk))
        except RefusedError:
            raise
        except Exception:
            log.exception("internal error")
            raise


async def _run(request: RunRequest, session: Session, opened: OpenedJob, talk: ConsoleOutput) -> Performed:
    config, state = request.config, session.state
    told = state.recent_count  # what earlier runs said is not said again
    _begin(request, session, opened)
    options = Options(
        workers=request.workers or config.run.workers,
        limit=request.limit,
        only=only_source(request.only, opened, state),
    )
    received: list[int] = []
    reporting: list[asyncio.Task[None]] = []
    hooks = Hooks(config.run.hooks, state.copy)

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
        server = ControlServer(steering, run_folder=config.run.run_folder, lock=session.lock)
        reporting.append(asyncio.create_task(server.run(), name="control"))

    watched = Watched(
        config.run.output, config.run.run_folder, config.run.status_path, config.run.min_free_bytes
    )
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
        session.begin(opened.job, config=config.run.path, output=config.run.output)
        session.note(opened.found)
    except OSError as error:
        message = (
            f"{error.filename or config.run.output}: cannot be written ({error.strerror}); choose another "
            '"output_base_dir" in the configuration or make this one writable'
        )
        raise RefusedError(message) from error
    for damage in session.damage:
        text = "a damaged line of the ledger was left out; what it told of is made again"
        session.note([ev.ProblemNoted(session.now(), "warning", text, detail=damage)])


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
