"""An engine's use of a run folder: the lock, the ledger's state, and the run from start to end."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import platform
import re
import socket
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from tui_gen import __version__
from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.engine.executors.base import Executor
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.history import History
from tui_gen.engine.model.run_data import RECENT_KEPT
from tui_gen.engine.model.stage_changes import redone_stages
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES
from tui_gen.engine.model.work import Job, JsonObject
from tui_gen.engine.run.disk_guard import Watched
from tui_gen.engine.run.housekeeping import Watch
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.scheduling.scheduler import Scheduler
from tui_gen.engine.scheduling.steering import Steering
from tui_gen.engine.storage.ledger import Ledger, read_for_resume
from tui_gen.engine.storage.lock import Lock
from tui_gen.engine.storage.recorder import Recorder
from tui_gen.engine.storage.run_clock import RunClock

log = logging.getLogger(__name__)

LEDGER_NAME = "ledger.jsonl"
LOCK_NAME = "lock"


def replay(run_folder: Path) -> tuple[RunState, list[str]]:
    """Return the state from the ledger of a run folder, and a text for each damaged line."""
    state, damage = RunState(), list[str]()
    for event in read_for_resume(run_folder / LEDGER_NAME, on_damage=damage, remembered=RECENT_KEPT):
        state.apply(event)
    return state, damage


def recipe_differences(before: JsonObject, now: JsonObject, *, legacy: JsonObject) -> list[str]:
    """Return "key: before -> now" for every key whose value changed.

    A key that one side lacks has its value in `legacy`. A key that is not in `legacy` belongs to something
    that the other side does not have (a new source, for example) and is not compared. A folder without a
    recipe has not been written to.
    """
    if not before:
        return []
    old, new = {**legacy, **before}, {**legacy, **now}
    return [f"{key}: {old[key]!r} -> {new[key]!r}" for key in new if key in old and old[key] != new[key]]


def _hash_of(config: Path) -> str:
    try:
        return hashlib.sha256(config.read_bytes()).hexdigest()
    except OSError as error:
        log.warning("%s: %s", config, error)
        return ""


def _versions() -> dict[str, str]:
    """Return the known versions of Python and of the packages that the program requires."""
    versions = {"python": platform.python_version()}
    try:
        wanted = metadata.requires("tui-gen") or []
    except metadata.PackageNotFoundError:
        return versions
    for text in wanted:
        name = re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0]
        with contextlib.suppress(metadata.PackageNotFoundError):
            if "extra" not in text:
                versions[name] = metadata.version(name)
    return versions


class Session:
    """An open run folder. Exactly one engine has it at a time."""

    def __init__(self, run_folder: Path) -> None:
        """Create the folder, take the lock, read the ledger. Raises LockedError, OSError."""
        run_folder.mkdir(parents=True, exist_ok=True)
        self.run_folder = run_folder
        self.lock = Lock(run_folder / LOCK_NAME)
        clock = RunClock()
        self.now = clock.now
        self.state, self.damage = replay(run_folder)
        self._ledger = Ledger(run_folder / LEDGER_NAME)
        self.recorder = Recorder(self._ledger, self.state, self.now, take_step=clock.take_step)
        self.history = History()

    def begin(self, job: Job, *, config: Path, output: Path) -> None:
        """Record that a run starts. Raises OSError."""
        self.recorder.write(
            ev.RunStarted(
                self.now(),
                job.name,
                dict(job.recipe),
                str(config),
                str(output),
                os.getpid(),
                socket.gethostname(),
                __version__,
                _hash_of(config),
                _versions(),
            )
        )
        for stage in redone_stages(job.stages, self.state):
            redone = ev.StageStarted(self.now(), stage.name, dict(stage.recipe), is_redone=True)
            self.recorder.write(redone)

    def note(self, events: Iterable[ev.Event]) -> None:
        """Record events from before the work began. Raises OSError."""
        for event in events:
            if isinstance(event, ev.Durable):
                self.recorder.write(event)
            else:
                self.recorder.show(event)

    async def perform(
        self,
        job: Job,
        options: Options,
        watched: Watched,
        on_start: Callable[[Steering], None],
        *,
        executor: Executor | None = None,
    ) -> ev.RunEnded:
        """Run the job to its end, in this process if no executor is given, and record the end."""
        engine = Scheduler(
            job=job, recorder=self.recorder, executor=executor or LocalExecutor(), options=options
        )
        watch = Watch(watched, recorder=self.recorder, gate=engine.gate, lock=self.lock, history=self.history)
        watching = asyncio.create_task(watch.run(), name="watch")
        try:
            on_start(Steering(engine, self.recorder))
            await watch.look_first()
            ended = await engine.run()
        except BaseException as error:
            self.fail(error)
            raise
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            await watch.write_status()
        self._end(ended)
        await watch.write_status()
        return ended

    def fail(self, error: BaseException) -> None:
        """Record that the run ended by an error, unless its end is recorded already."""
        if self.state.phase in ENDED_PHASES:
            return
        if isinstance(error, RefusedError):
            self._end(ev.RunEnded(self.now(), "failed", ExitCode.REFUSED, str(error)))
        else:
            reason = "an internal error; see engine.log"
            self._end(ev.RunEnded(self.now(), "failed", ExitCode.INTERNAL_ERROR, reason))

    def _end(self, ended: ev.RunEnded) -> None:
        try:
            self.recorder.write(ended)
        except OSError as error:
            log.warning("cannot write the end of the run to the ledger: %s", error)
            self.recorder.show(ended)

    def close(self) -> None:
        """Release the run folder. A missing disk does not prevent the end."""
        for let_go in (self._ledger.close, self.lock.release):
            try:
                let_go()
            except OSError as error:
                log.warning("%s: %s", self.run_folder, error)
