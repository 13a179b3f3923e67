"""Executors over a harness's cluster, and waiting for its machines."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.cluster.harness import Cluster
from tests.engine.executors.portable_toy import (
    ClusterToyJob,
    PortableStage,
    WritingStage,
    contents_of,
    name_of,
)
from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.engine.executors.base import MachineChange, MachineNews
from tui_gen.engine.executors.dask import ClusterExecutor
from tui_gen.engine.model.work import Clip

WAIT_SECONDS = 60.0


def writing_stage(folder: Path, quotas: dict[str, int], seconds: float = 0.0) -> WritingStage:
    """Return a stage that writes into the output folder of `executor_of`."""
    evidence = folder / "evidence"
    evidence.mkdir(exist_ok=True)
    return WritingStage(quotas, folder=evidence, output=str(folder / "output"), seconds=seconds)


def tree_of(folder: Path) -> dict[str, bytes]:
    """Return all files of the output folder outside the run folder."""
    output = folder / "output"
    return {path.name: path.read_bytes() for path in output.iterdir() if path.is_file()}


def expected_tree(quotas: dict[str, int]) -> dict[str, bytes]:
    """Return the files of a run at home."""
    clips = [Clip(source, k) for source, count in quotas.items() for k in range(count)]
    return {name_of(clip): contents_of(clip) for clip in clips}


def begun(folder: Path) -> Counter[str]:
    """Return how often each clip was begun."""
    return Counter((folder / "evidence" / "begun").read_text().split())


def executor_of(
    cluster: Cluster, stage: PortableStage, folder: Path, settings: ClusterSettings | None = None
) -> ClusterExecutor:
    """Return an executor for a toy job whose output folder is in a folder."""
    output = folder / "output"
    (output / ".tui-gen").mkdir(parents=True, exist_ok=True)
    return ClusterExecutor(
        ClusterToyJob((stage,), output=str(output)),
        settings or ClusterSettings(cluster.address),
        run_folder=output / ".tui-gen",
        output=output,
    )


async def until(condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def capacity_of(executor: ClusterExecutor, workers: int) -> None:
    """Wait until the machines that are there perform so many units."""
    await until(lambda: executor.capacity >= workers)


class News:
    """Keeps what machines report."""

    def __init__(self, executor: ClusterExecutor) -> None:
        self.heard: list[MachineNews] = []
        executor.on_machine(self.heard.append)

    def changes(self, machine: str = "") -> list[MachineChange]:
        """Return all changes, or those of a machine."""
        changes = [news for news in self.heard if isinstance(news, MachineChange)]
        return [change for change in changes if machine in ("", change.name)]

    def phases(self, machine: str) -> list[str]:
        return [change.phase for change in self.changes(machine)]

    def reasons(self, phase: str) -> dict[str, str]:
        """Return the last reason of each machine that was in a phase."""
        return {change.name: change.reason for change in self.changes() if change.phase == phase}
