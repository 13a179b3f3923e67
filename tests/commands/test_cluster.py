"""Where a run is performed: what the command line and the configuration say, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import pytest

from tests.cluster.harness import free_port
from tests.commands.run.toy_run import ToyConfig, ToyOpened, ToyRun, toy_config
from tests.engine.toy import ToyJob, ToyStage
from tui_gen.base.errors import RefusedError
from tui_gen.commands import cluster
from tui_gen.commands.cluster import (
    chosen_cluster,
    cluster_job,
    exposure_of,
    opened_executor,
    refuse_unreachable,
)
from tui_gen.config.cluster_address import exposure
from tui_gen.config.cluster_settings import ClusterSettings, MachineSettings, TlsFiles
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.opened_job import OpenedJob
from tui_gen.engine.executors import dask
from tui_gen.engine.executors.ground import ClusterJob
from tui_gen.engine.executors.local import LocalExecutor

TLS = TlsFiles("/ca.pem", "/me.pem", "/me.key")
PLAIN = ClusterSettings("tcp://nas:8786", paths={"/a": "/b"}, machines={"box": MachineSettings(2)})
ENCRYPTED = ClusterSettings("tls://nas:8786", tls=TLS)


def configured(settings: ClusterSettings | None) -> RunConfig:
    return RunConfig("toy", Path("/c.json"), Path("/out"), 1, cluster=settings)


@pytest.mark.parametrize(
    ("settings", "wanted", "chosen"),
    [
        (None, None, None),
        (None, "none", None),
        (PLAIN, "none", None),
        (PLAIN, None, PLAIN),
        (ENCRYPTED, None, ENCRYPTED),
        (None, "tcp://box:1", ClusterSettings("tcp://box:1")),
        (PLAIN, "tcp://box:1", replace(PLAIN, address="tcp://box:1")),
        (ENCRYPTED, "tls://box:1", replace(ENCRYPTED, address="tls://box:1")),
        (ENCRYPTED, "tcp://127.0.0.1:1", ClusterSettings("tcp://127.0.0.1:1")),
    ],
)
def test_the_command_line_replaces_the_configured_address(
    settings: ClusterSettings | None, wanted: str | None, chosen: ClusterSettings | None
) -> None:
    assert chosen_cluster(configured(settings), wanted) == chosen


@pytest.mark.parametrize(
    ("settings", "wanted", "words"),
    [
        (None, "nas:8786", 'begins neither with tcp:// nor with tls://; write it like "tcp://nas:8786"'),
        (
            PLAIN,
            "tls://nas:8786",
            'tls://nas:8786 needs certificates: write "cluster": {"address": "tls://nas',
        ),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(
    settings: ClusterSettings | None, wanted: str, words: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        chosen_cluster(configured(settings), wanted)
    assert words in str(refused.value)


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(RefusedError, match=r"distributed: pip install '\.\[cluster\]'$"):
        refuse_unreachable(PLAIN)


def test_a_scheduler_that_is_not_there_is_refused() -> None:
    port = free_port()
    with pytest.raises(RefusedError) as refused:
        refuse_unreachable(ClusterSettings(f"tcp://127.0.0.1:{port}"))
    assert str(refused.value) == (
        f"tcp://127.0.0.1:{port}: nothing listens at 127.0.0.1:{port}: is the scheduler running?; "
        "work on this machine alone with: --cluster none"
    )


def test_a_job_that_does_not_offer_it_is_refused() -> None:
    opened = cast("OpenedJob", ToyOpened(ToyJob((ToyStage({"a": 1}),))))
    with pytest.raises(RefusedError) as refused:
        cluster_job(opened, "toy")
    assert str(refused.value).startswith('the job "toy" is not performed by other machines')


def test_a_public_address_is_warned_about() -> None:
    assert "tcp:// at 8.8.8.8, beyond private networks" in str(
        exposure_of(ClusterSettings("tcp://8.8.8.8:1"))
    )
    assert exposure_of(ClusterSettings("tcp://10.0.0.1:1")) is None
    assert exposure_of(ClusterSettings("tls://8.8.8.8:1", tls=TLS)) is None


# ------------------------------------------------------------------------- a run with an executor


class Recorded(LocalExecutor):
    """Stands for the machines of a cluster: this process performs the units."""

    said: list[str]

    def __init__(self, job: ClusterJob, settings: ClusterSettings, **folders: Path) -> None:
        self.said.append(f"made for {settings.address}, {folders['output'].name}, {job.name}")

    async def __aenter__(self) -> Self:
        self.said.append("opened")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.said.append("closed")


class Refusing(Recorded):
    """Stands for a scheduler that goes away at the last moment."""

    async def __aenter__(self) -> Self:
        message = "tcp://nas:8786: gone"
        raise RefusedError(message)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(Recorded, "said", lines, raising=False)
    monkeypatch.setattr(dask, "ClusterExecutor", Recorded)
    return lines


class Told(ToyOpened):
    """Tells when its folders are made and swept."""

    said: Sequence[str] = ()

    def prepare(self, records: object) -> None:
        del records
        cast("list[str]", self.said).append("prepared")

    def tidy(self, records: object) -> None:
        del records
        cast("list[str]", self.said).append("tidied")


def toy_run(folder: Path, said: list[str]) -> ToyRun:
    config: ToyConfig = toy_config(folder / "out", cluster=PLAIN)
    run = ToyRun(config, ToyStage({"a": 2}))
    opened = Told(run.opened.job, cluster_job=cast("ClusterJob", run.opened.job))
    opened.said = said
    run.opened = opened
    return run


def test_the_machines_are_there_before_the_work_begins_and_gone_before_the_last_look(
    tmp_path: Path, said: list[str]
) -> None:
    run = toy_run(tmp_path, said)
    assert run.perform().ended.exit_code == 0
    assert run.session.state.clips_made == 2
    assert said == ["made for tcp://nas:8786, out, toy", "opened", "prepared", "closed", "tidied"]


def test_a_scheduler_beyond_private_networks_is_a_warning_of_the_run(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "public_addresses", lambda _: ("8.8.8.8",))
    run = toy_run(tmp_path, said)
    run.perform()
    (problem,) = run.session.state.problems
    assert (problem.level, problem.text) == ("warning", exposure(["8.8.8.8"]))


def test_a_scheduler_that_goes_away_ends_the_start_and_nothing_is_recorded(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "ClusterExecutor", Refusing)
    run = toy_run(tmp_path, said)
    with pytest.raises(RefusedError, match="gone"):
        run.perform()
    assert said == ["made for tcp://nas:8786, out, toy"]
    assert run.session.state.started_at is None


async def test_at_home_there_is_no_executor_to_open() -> None:
    opened: Any = ToyOpened(ToyJob((ToyStage({"a": 1}),)))
    async with opened_executor(None, opened, configured(None)) as executor:
        assert executor is None
