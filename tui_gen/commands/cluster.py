"""Where the units of a run are performed: on this machine, or on those of a cluster.

Invariant: a cluster that cannot be used is refused before anything is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec

from tui_gen.base.errors import RefusedError
from tui_gen.config.cluster_address import NO_CLUSTER, AddressError, exposure, parse_address, public_addresses
from tui_gen.config.cluster_settings import ClusterSettings
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.executors.base import Executor
from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.executors.scheduler_probe import DISTRIBUTED, SchedulerError, probe


def chosen_cluster(config: RunConfig, wanted: str | None) -> ClusterSettings | None:
    """Return the cluster for a run, None to work on this machine alone. Raises RefusedError.

    `wanted` is the address of the command line: it replaces the configured one, "none" stands for this
    machine, and None for what the configuration says.
    """
    configured = config.cluster
    if wanted == NO_CLUSTER or (wanted is None and configured is None):
        return None
    settings = configured or ClusterSettings(wanted or "")
    try:
        address = parse_address(wanted or settings.address)
    except AddressError as error:
        raise RefusedError(str(error)) from error
    if not address.is_encrypted:
        return replace(settings, address=str(address), tls=None)
    if settings.tls is None:
        message = (
            f'{address} needs certificates: write "cluster": {{"address": "{address}", "tls": {{"ca": ..., '
            f'"cert": ..., "key": ...}}}} into {config.path} (docs/cluster.md)'
        )
        raise RefusedError(message)
    return replace(settings, address=str(address))


def refuse_unreachable(settings: ClusterSettings) -> None:
    """Raise RefusedError unless the package is installed and a dask scheduler answers at the address."""
    if find_spec("distributed") is None:
        message = f"several machines need {DISTRIBUTED}"
        raise RefusedError(message)
    try:
        asyncio.run(probe(parse_address(settings.address), settings.tls))
    except SchedulerError as error:
        message = f"{settings.address}: {error}; work on this machine alone with: --cluster {NO_CLUSTER}"
        raise RefusedError(message) from error


def cluster_job(opened: OpenedJob, job: str) -> ClusterJob:
    """Return the job that other machines perform. Raises RefusedError if it does not offer that."""
    if opened.cluster_job is None:
        message = (
            f'the job "{job}" is not performed by other machines (docs/adding-a-job.md); work on this '
            f"machine alone with: --cluster {NO_CLUSTER}"
        )
        raise RefusedError(message)
    return opened.cluster_job


def exposure_of(settings: ClusterSettings) -> str | None:
    """Return a warning if the scheduler is reached beyond private networks without TLS. Asks the resolver."""
    found = public_addresses(parse_address(settings.address))
    return exposure(found) if found else None


@asynccontextmanager
async def opened_executor(
    settings: ClusterSettings | None, opened: OpenedJob, config: RunConfig
) -> AsyncIterator[Executor | None]:
    """Open the executor of a cluster; None for this machine alone. Raises RefusedError."""
    if settings is None:
        yield None
        return
    from tui_gen.engine.executors.dask import ClusterExecutor

    executor = ClusterExecutor(
        cluster_job(opened, config.job), settings, run_folder=config.run_folder, output=config.output
    )
    async with executor:
        yield executor
