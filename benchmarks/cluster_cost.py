"""What a cluster costs: how busy its workers are, and the processor time of a clip that costs nothing itself.

    python benchmarks/cluster_cost.py [--workers 4] [--clips 400] [--seconds 0.5]

Starts a dask scheduler and one dask worker on this machine, which lends its workers; performs clips that
sleep. Prints the part of the time in which the workers slept, from the first clip to the last outcome, and
the CPU milliseconds of a clip by process. Goals: 95 % of the time, 10 ms together.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.cluster.executors import capacity_of
from tests.cluster.harness import Box, Cluster, cluster_of
from tests.engine.executors.portable_toy import ClusterToyJob, SleepingStage
from tests.engine.toy import Bench
from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.engine.executors.base import Executor
from tui_gen.engine.executors.dask import ClusterExecutor
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.scheduling.options import Options

GOAL_PERCENT, GOAL_MILLISECONDS = 95.0, 10.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One run."""

    wall_seconds: float
    cpu_seconds: Mapping[str, float]


def spent_by(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def spent(cluster: Cluster, box: Box) -> dict[str, float]:
    scheduler = cluster.scheduler.pid if cluster.scheduler is not None else None
    return {
        "engine": spent_by(psutil.Process()),
        "dask scheduler": spent_by(psutil.Process(scheduler)),
        "dask worker": spent_by(box.worker),
        "nanny": spent_by(psutil.Process(box.process.pid)),
        "unit runner": spent_by(box.runner),
    }


async def run(executor: Executor, stage: SleepingStage, folder: Path, workers: int) -> float:
    """Perform all clips; return the seconds."""
    options = Options(workers=workers)
    bench = Bench(stage, folder / f"{time.monotonic_ns()}.jsonl", options=options, executor=executor)
    begun = time.perf_counter()
    ended = await bench.engine.run()
    if ended.exit_code:
        raise SystemExit(str(ended))
    return time.perf_counter() - begun


async def measure(cluster: Cluster, stage: SleepingStage, folder: Path, workers: int) -> Measured:
    output = folder / "output"
    (output / ".tui-gen").mkdir(parents=True)
    settings = ClusterSettings(cluster.address)
    job = ClusterToyJob((stage,), output=str(output))
    async with ClusterExecutor(job, settings, run_folder=output / ".tui-gen", output=output) as executor:
        await capacity_of(executor, workers)
        before = spent(cluster, cluster.boxes["box1"])
        wall_seconds = await run(executor, stage, folder, workers)
        after = spent(cluster, cluster.boxes["box1"])
    return Measured(wall_seconds, {name: after[name] - before[name] for name in before})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()
    each = options.clips // options.workers
    stage = SleepingStage({f"source {k}": each for k in range(options.workers)}, seconds=options.seconds)
    clips = each * options.workers
    ideal = clips * options.seconds / options.workers
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        at_home = asyncio.run(run(LocalExecutor(), stage, folder, options.workers))
        with cluster_of(folder / "boxes", box1=options.workers) as cluster:
            measured = asyncio.run(measure(cluster, stage, folder, options.workers))
    print(f"{clips} clips of {options.seconds} s, {options.workers} workers")
    print(f"{'at home':16}{100 * ideal / at_home:8.1f} % of the time at work")
    print(f"{'in the cluster':16}{100 * ideal / measured.wall_seconds:8.1f} %   goal {GOAL_PERCENT:.0f}")
    for process, seconds in measured.cpu_seconds.items():
        print(f"{process:16}{1000 * seconds / clips:8.2f} ms a clip")
    together = sum(measured.cpu_seconds.values())
    print(f"{'together':16}{1000 * together / clips:8.2f} ms a clip   goal {GOAL_MILLISECONDS:.0f}")


if __name__ == "__main__":
    main()
