"""A toy job as `tui-gen run` performs it: in this process, with a real session and a real log."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast

from tests.engine.toy import ToyJob, ToyStage
from tui_gen.base.console_output import ConsoleOutput
from tui_gen.commands.run.opening import RunRequest
from tui_gen.commands.run.performing import Performed, perform
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.job import JobConfig
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.model import events as ev
from tui_gen.engine.run.session import Session


@dataclass(frozen=True)
class ToyConfig:
    """The part of a job's configuration that a run asks for."""

    run: RunConfig


def toy_config(output: Path, **settings: Any) -> ToyConfig:  # noqa: ANN401 - what RunConfig takes
    return ToyConfig(RunConfig("toy", output / "config.json", output, 1, **{"workers": 2, **settings}))


@dataclass
class ToyOpened:
    """A toy job that was opened."""

    job: ToyJob
    found: tuple[ev.Event, ...] = ()
    tools: tuple[str, ...] = ()
    cluster_job: ClusterJob | None = None

    def prepare(self, records: object) -> None:
        pass

    def tidy(self, records: object) -> None:
        pass

    def follow_workers(self, count: int) -> None:
        pass


@dataclass
class ToyRun:
    """One run of a toy job, which has a session of its own."""

    config: ToyConfig
    stage: ToyStage
    out: TextIO = field(default_factory=io.StringIO)
    err: TextIO = field(default_factory=io.StringIO)
    is_verbose: bool = False

    def __post_init__(self) -> None:
        self.session = Session(self.config.run.run_folder)
        self.opened = ToyOpened(ToyJob((self.stage,)))

    def perform(self) -> Performed:
        request = RunRequest(cast("JobConfig", self.config), is_verbose=self.is_verbose)
        talk = ConsoleOutput(self.out, self.err)
        try:
            return perform(request, self.session, cast("OpenedJob", self.opened), talk)
        finally:
            self.session.close()
            talk.close(0.0)


def join_writers() -> None:
    """Wait for the threads that write to streams: each ends when its reader is gone or it is closed."""
    for thread in threading.enumerate():
        if thread.name.startswith("writes to"):
            thread.join(60)
