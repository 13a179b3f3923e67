"""Runs of any job whose units are performed in the engine's process, or in a unit runner over a pipe."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from tests.engine import invariants
from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.executors.base import Executor
from tui_gen.engine.executors.dask import ClusterExecutor
from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.executors.runner_executor import UnitRunnerExecutor
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.disk_guard import Watched
from tui_gen.engine.run.session import Session, replay
from tui_gen.engine.scheduling.options import Options

KEPT_FOR_THE_RUN = {".tui-gen", ".generator_status.json"}


class Config(Protocol):
    """A configuration of a job."""

    @property
    def run(self) -> RunConfig: ...

    def open(self, records: Mapping[str, SourceRecord]) -> OpenedJob: ...


@dataclass(frozen=True, slots=True)
class Dataset:
    """A configuration file, and what runs make of it."""

    config: Path
    read: Callable[[Path], Config]

    @property
    def output(self) -> Path:
        """The output folder."""
        return self.read(self.config).run.output

    def opened(self) -> OpenedJob:
        """Return the job, opened with the records of the ledger."""
        config = self.read(self.config)
        return config.open(replay(config.run.run_folder)[0].records)

    @property
    def job(self) -> ClusterJob:
        """The opened job."""
        job: Any = self.opened().job
        return job  # type: ignore[no-any-return] # of a job that offers it

    def run_at_home(self, *, limit: int | None = None) -> RunState:
        """Perform units in this process."""
        return asyncio.run(self._run(lambda _: nullcontext(LocalExecutor()), limit))

    def run_in_runner(
        self,
        *,
        paths: Mapping[str, str] | None = None,
        limit: int | None = None,
        moves: Path | None = None,
    ) -> RunState:
        """Perform units in a unit runner that has folders under other paths.

        `moves` is moved to its other path before the runner begins, and back at the end.
        """
        move = None if moves is None else (moves, Path((paths or {})[str(moves)]))
        return asyncio.run(self._run(partial(UnitRunnerExecutor, workers=2, paths=paths), limit, move))

    def run_over(self, settings: ClusterSettings) -> RunState:
        """Perform units on the machines of a cluster."""
        config = self.read(self.config).run
        executor_of = partial(
            ClusterExecutor, settings=settings, run_folder=config.run_folder, output=config.output
        )
        return asyncio.run(self._run(executor_of, None))

    async def _run(
        self,
        executor_of: Callable[[Any], AbstractAsyncContextManager[Executor]],
        limit: int | None,
        move: tuple[Path, Path] | None = None,
    ) -> RunState:
        config = self.read(self.config).run
        session = Session(config.run_folder)
        try:
            opened = self.read(self.config).open(session.state.records)
            opened.prepare(session.state.records)
            session.begin(opened.job, config=self.config, output=config.output)
            session.note(opened.found)
            if move is not None:
                move[0].rename(move[1])
            async with executor_of(opened.job) as executor:
                await self._perform(session, opened, executor, limit)
            if move is not None:
                move[1].rename(move[0])
            opened.tidy(session.state.records)
        finally:
            session.close()
        state, damage = replay(config.run_folder)
        assert damage == []
        invariants.check(state)
        return state

    async def _perform(
        self, session: Session, opened: OpenedJob, executor: Executor, limit: int | None
    ) -> None:
        config = self.read(self.config).run
        watched = Watched(config.output, config.run_folder, config.status_path, 0)
        options = Options(workers=2, limit=limit)
        ended = await session.perform(opened.job, options, watched, lambda _: None, executor=executor)
        assert ended.exit_code == 0, ended

    def tree(self) -> dict[str, str]:
        """Return path -> SHA-256 of all files but those that a run keeps for itself."""
        files = (path for path in sorted(self.output.rglob("*")) if path.is_file())
        named = {path.relative_to(self.output): path for path in files}
        return {
            name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in named.items()
            if name.parts[0] not in KEPT_FOR_THE_RUN
        }

    def clip_lines(self) -> list[dict[str, Any]]:
        """Return the ledger's lines of clips."""
        text = (self.output / ".tui-gen" / "ledger.jsonl").read_text()
        return [line for line in map(json.loads, text.splitlines()) if line["kind"] == "clip"]

    def check_machines(self) -> None:
        """Check that machines have made clips, and that nothing is left of files that were being written."""
        machines = {line.get("machine", "") for line in self.clip_lines()}
        assert machines - {""}, "no machine made anything"
        assert self.leftovers() == []

    def leftovers(self) -> list[Path]:
        """Return what is left of files that were being written."""
        ends = (".tmp", ".part", ".tui-gen-tmp")
        return [path for path in self.output.rglob("*") if path.name.endswith(ends)]


def outcome_of(state: RunState) -> dict[str, object]:
    """Return what a ledger says of the sources, without times and paths of the machine."""
    return {name: (record.stages, _lasting(record.facts)) for name, record in state.records.items()}


def _lasting(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key not in {"file", "source"}}


def copied(folder: Path, target: Path) -> Path:
    """Return a copy of a folder, with the times of its files."""
    return Path(shutil.copytree(folder, target, symlinks=True))
