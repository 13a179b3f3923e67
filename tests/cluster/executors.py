"""Executors over a harness's cluster, and waiting for its machines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tests.cluster.harness import Cluster
from tests.engine.executors.portable_toy import ClusterToyJob, PortableStage
from tui_gen.engine.executors.base import MachineNews
from tui_gen.engine.executors.cluster_settings import ClusterSettings
from tui_gen.engine.executors.dask import ClusterExecutor

WAIT_SECONDS = 60.0


def executor_of(
    cluster: Cluster, stage: PortableStage, folder: Path, settings: ClusterSettings | None = None
) -> ClusterExecutor:
    """Return an executor for a toy job whose output folder is in a folder."""
    output = folder / "output"
    (output / ".tui-gen").mkdir(parents=True, exist_ok=True)
    return ClusterExecutor(
        ClusterToyJob((stage,)),
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

    def phases(self, machine: str) -> list[str]:
        return [getattr(news, "phase", "") for news in self.heard if news.name == machine]
