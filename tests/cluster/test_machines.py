"""What one machine lacks holds no other one; refused machines are told and examined again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.executors import (
    News,
    begun,
    capacity_of,
    executor_of,
    expected_tree,
    tree_of,
    until,
    writing_stage,
)
from tests.cluster.harness import Cluster, cluster_of, free_port
from tests.engine.executors.portable_toy import (
    ClusterToyJob,
    WritingStage,
    unit_of,
)
from tests.engine.toy import Bench
from tui_gen.base.errors import ObstructedError, RefusedError, SourceUnreachableError
from tui_gen.config.cluster_settings import ClusterSettings, MachineSettings, TlsFiles
from tui_gen.engine.executors import machine_waits
from tui_gen.engine.executors.base import MachineLoad, MachineLostError
from tui_gen.engine.executors.dask import ClusterExecutor, survey
from tui_gen.engine.executors.error_fields import UnitError
from tui_gen.engine.executors.ground import KnownFile
from tui_gen.engine.executors.local import HERE
from tui_gen.engine.model.work import DATASET, Clip, Made
from tui_gen.engine.scheduling.options import Options

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

QUOTAS = {"a": 8, "b": 8}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_of(tmp_path_factory.mktemp("boxes"), box1=2, box2=2) as started:
        yield started


@pytest.fixture
def stage(tmp_path: Path) -> WritingStage:
    """Return a stage whose sources each machine has in a folder of its own."""
    for box in ("box1", "box2"):
        (tmp_path / box / "so urces").mkdir(parents=True)
        for source in ("a", "b"):
            (tmp_path / box / "so urces" / source).touch()
    return replace(writing_stage(tmp_path, QUOTAS), sources="/so urces")


@pytest.fixture
def settings(cluster: Cluster, tmp_path: Path) -> ClusterSettings:
    folders = {box: str(tmp_path / box / "so urces") for box in ("box1", "box2")}
    own = {box: MachineSettings(paths={"/so urces": folder}) for box, folder in folders.items()}
    return ClusterSettings(cluster.address, machines=own)


async def make_all(executor: ClusterExecutor, stage: WritingStage, folder: Path) -> Bench:
    """Perform a whole run, and compare its tree with that of a run at home."""
    bench = Bench(stage, folder / "ledger.jsonl", options=Options(workers=4), executor=executor)
    assert (await bench.engine.run()).exit_code == 0
    assert tree_of(folder) == expected_tree(QUOTAS)
    assert bench.state.problems == []
    return bench


async def first_outcome(executor: ClusterExecutor, machine: str, stage: WritingStage, source: str) -> Made:
    async with aclosing(executor.perform(machine, stage, unit_of(source))) as reports:
        async for report in reports:
            if isinstance(report, Made):
                return report
    raise EOFError


# ---------------------------------------------------------------------------- placing


async def test_units_go_to_the_machine_with_most_room(
    cluster: Cluster, stage: WritingStage, tmp_path: Path
) -> None:
    async with executor_of(cluster, stage, tmp_path) as executor:
        await capacity_of(executor, 4)
        changes: list[None] = []
        executor.on_change(lambda: changes.append(None))
        executor.set_target("box2", 8)
        assert changes
        assert executor.capacity == 10
        assert executor.place({"box1": 1, "box2": 3}, "a") == "box2"
        assert executor.place({"box1": 1, "box2": 5}, "a") == "box1"
        assert executor.place({"box1": 2, "box2": 8}, "a") is None
        with pytest.raises(RefusedError, match="box3: not a machine of this run; its machines: box1, box2"):
            executor.set_target("box3", 1)


async def test_stages_that_are_not_portable_are_performed_here(
    cluster: Cluster, stage: WritingStage, tmp_path: Path
) -> None:
    sending = ClusterSettings(cluster.address, output="send")
    async with executor_of(cluster, stage, tmp_path, sending) as executor:
        assert executor.place({}, DATASET) == HERE
        for change in ({"scope": "dataset"}, {"is_portable": False}, {"needs_output": True}):
            only_here = replace(stage)
            vars(only_here).update(change)
            assert executor.place({}, "a", only_here) == HERE
            assert executor.place({HERE: executor.target(HERE)}, "a", only_here) is None
        here = replace(stage, sources="")
        vars(here)["is_portable"] = False
        assert (await first_outcome(executor, HERE, here, "a")).clip == Clip("a", 0)


async def test_the_load_of_every_machine_is_told(
    cluster: Cluster, stage: WritingStage, tmp_path: Path
) -> None:
    async with executor_of(cluster, stage, tmp_path) as executor:
        news = News(executor)

        def all_are_measured() -> bool:
            return {each.name for each in news.heard if isinstance(each, MachineLoad)} == {"box1", "box2"}

        await until(all_are_measured)


# ---------------------------------------------------------------------------- the output


@pytest.mark.parametrize("source", ["/so urces", ""])
async def test_files_are_sent_by_machines_without_the_output_folder(
    cluster: Cluster, stage: WritingStage, settings: ClusterSettings, tmp_path: Path, source: str
) -> None:
    sending = replace(settings, output="send")
    async with executor_of(cluster, replace(stage, sources=source), tmp_path, sending) as executor:
        await capacity_of(executor, 4)
        bench = await make_all(executor, stage, tmp_path)
    assert bench.state.clips_made == 16
    assert begun(tmp_path).total() == 16
    assert list((tmp_path / "output" / ".tui-gen").iterdir()) == []
    for box in cluster.boxes.values():
        await until(lambda box=box: not list((box.folder / "tmp").glob("tui-gen-sent-*")))  # type: ignore[misc]


async def test_a_disk_that_is_full_on_one_machine_lets_the_others_work(
    cluster: Cluster, stage: WritingStage, settings: ClusterSettings, tmp_path: Path
) -> None:
    (tmp_path / "box1" / "so urces" / "full").touch()
    async with executor_of(cluster, stage, tmp_path, settings) as executor:
        await capacity_of(executor, 4)
        news = News(executor)
        await make_all(executor, stage, tmp_path)
    assert news.reasons("waiting") == {"box1": "No space left on device"}


async def test_a_machine_works_again_when_its_disk_has_room(
    cluster: Cluster,
    stage: WritingStage,
    settings: ClusterSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine_waits, "OBSTRUCTED_SECONDS", 0.2)
    full = tmp_path / "box1" / "so urces" / "full"
    full.touch()
    async with executor_of(cluster, stage, tmp_path, settings) as executor:
        await capacity_of(executor, 4)
        with pytest.raises(MachineLostError, match="box1: No space left") as caught:
            await first_outcome(executor, "box1", stage, "a")
        assert not caught.value.was_at_work
        assert executor.place({"box2": 1}, "a") == "box2"
        full.unlink()
        await until(lambda: executor.place({"box2": 1}, "a") == "box1")
        assert await first_outcome(executor, "box1", stage, "a")


async def test_disks_that_are_full_everywhere_hold_the_run(
    cluster: Cluster, stage: WritingStage, settings: ClusterSettings, tmp_path: Path
) -> None:
    for box in ("box1", "box2"):
        (tmp_path / box / "so urces" / "full").touch()
    async with executor_of(cluster, stage, tmp_path, settings) as executor:
        await capacity_of(executor, 4)
        with pytest.raises(MachineLostError):
            await first_outcome(executor, "box1", stage, "a")
        with pytest.raises(ObstructedError) as caught:
            await first_outcome(executor, "box2", stage, "a")
        assert str(caught.value) == "No space left on device"


# ---------------------------------------------------------------------------- sources and memory


async def test_a_source_that_one_machine_misses_goes_to_the_others(
    cluster: Cluster, stage: WritingStage, settings: ClusterSettings, tmp_path: Path
) -> None:
    (tmp_path / "box1" / "so urces" / "a").unlink()
    async with executor_of(cluster, stage, tmp_path, settings) as executor:
        await capacity_of(executor, 4)
        with pytest.raises(MachineLostError, match="the share is missing"):
            await first_outcome(executor, "box1", stage, "a")
        assert executor.place({"box2": 1}, "a") == "box2"
        assert executor.place({"box2": 1}, "b") == "box1"
        await make_all(executor, stage, tmp_path)


async def test_a_source_that_all_machines_miss_waits_until_one_sees_it(
    cluster: Cluster, stage: WritingStage, settings: ClusterSettings, tmp_path: Path
) -> None:
    for box in ("box1", "box2"):
        (tmp_path / box / "so urces" / "a").unlink()
    async with executor_of(cluster, stage, tmp_path, settings) as executor:
        await capacity_of(executor, 4)
        with pytest.raises(MachineLostError):
            await first_outcome(executor, "box1", stage, "a")
        with pytest.raises(SourceUnreachableError) as caught:
            await first_outcome(executor, "box2", stage, "a")
        assert caught.value.path == "/so urces/a"
        assert not await executor.sees("/so urces/a")
        (tmp_path / "box2" / "so urces" / "a").touch()
        assert await executor.sees("/so urces/a")
        assert executor.place({"box1": 1}, "a") == "box2"


async def test_a_machine_without_memory_performs_one_unit_fewer(
    cluster: Cluster, stage: WritingStage, settings: ClusterSettings, tmp_path: Path
) -> None:
    empty = tmp_path / "box1" / "so urces" / "no memory"
    async with executor_of(cluster, stage, tmp_path, settings) as executor:
        await capacity_of(executor, 4)
        empty.touch()
        with pytest.raises(MachineLostError) as caught:
            await first_outcome(executor, "box1", stage, "a")
        assert not caught.value.was_at_work
        assert (executor.target("box1"), executor.capacity) == (1, 3)
        empty.touch()
        with pytest.raises(UnitError, match="memory ran out"):
            await first_outcome(executor, "box1", stage, "a")
        assert executor.target("box1") == 1


# ---------------------------------------------------------------------------- enlisting


async def test_a_refused_machine_is_told_and_examined_again(
    stage: WritingStage, settings: ClusterSettings, tmp_path: Path
) -> None:
    machines = {**settings.machines, "box1": replace(settings.machines["box1"], ffmpeg="/opt/other/ffmpeg")}
    source = tmp_path / "known"
    source.write_bytes(b"four")
    job = ClusterToyJob((stage,), known=(KnownFile(str(source), 5, source.stat().st_mtime),))
    output = tmp_path / "output"
    (output / ".tui-gen").mkdir(parents=True)
    other = replace(settings, machines=machines)
    async with ClusterExecutor(job, other, run_folder=output / ".tui-gen", output=output) as executor:
        news = News(executor)
        await until(lambda: len(news.reasons("refused")) == 2)
        assert news.reasons("refused") == {
            "box1": "it would make other bytes: ffmpeg: None -> '/opt/other/ffmpeg'",
            "box2": f"{source} has 4 bytes there, 5 here",
        }
        assert executor.capacity == 0
        assert executor.place({}, "a") is None
        source.write_bytes(b"five5")
        os.utime(source, (job.known[0].mtime, job.known[0].mtime))
        executor.enlist_again()
        await capacity_of(executor, 2)
        assert executor.place({}, "a") == "box2"


async def test_a_refused_machine_that_leaves_is_lost(
    cluster: Cluster, stage: WritingStage, settings: ClusterSettings, tmp_path: Path
) -> None:
    cluster.start_box("box4")
    machines = {**settings.machines, "box4": MachineSettings(ffmpeg="/opt/other/ffmpeg")}
    async with executor_of(cluster, stage, tmp_path, replace(settings, machines=machines)) as executor:
        news = News(executor)
        await until(lambda: "box4" in news.reasons("refused"))
        cluster.kill_box("box4")
        await until(lambda: news.phases("box4")[-1] == "lost")
        assert news.reasons("lost")["box4"] == "its dask worker is gone"


async def test_a_machine_that_works_for_another_run_comes_when_that_ends(
    cluster: Cluster, stage: WritingStage, tmp_path: Path
) -> None:
    async with executor_of(cluster, stage, tmp_path / "other") as first:
        await capacity_of(first, 4)
        async with executor_of(cluster, stage, tmp_path) as second:
            news = News(second)
            await until(lambda: len(news.reasons("refused")) == 2)
            for reason in news.reasons("refused").values():
                assert reason.startswith("it works for ")
                assert reason.endswith(f":{tmp_path}/other/output")
            checks = await survey(
                ClusterToyJob((stage,)),
                ClusterSettings(cluster.address),
                run_folder=tmp_path / "other" / "output" / ".tui-gen",
                output=tmp_path / "other" / "output",
            )
            assert [(check.refusal or "").startswith("it works for ") for check in checks] == [True, True]
            assert first.capacity == 4
            await first.__aexit__(None, None, None)
            await capacity_of(second, 4)


async def test_a_survey_tells_what_each_machine_is(
    stage: WritingStage, settings: ClusterSettings, tmp_path: Path
) -> None:
    machines = {**settings.machines, "box2": MachineSettings(workers=1, paths={str(tmp_path): "/nowhere"})}
    output = tmp_path / "output"
    (output / ".tui-gen").mkdir(parents=True)
    checks = await survey(
        ClusterToyJob((stage,)),
        replace(settings, machines={**machines, "box3": MachineSettings()}),
        run_folder=output / ".tui-gen",
        output=output,
    )
    assert [(check.name, check.workers) for check in checks] == [("box1", 2), ("box2", 1), ("box3", 0)]
    assert checks[0].refusal is None
    assert checks[0].cores > 0
    assert checks[0].host
    assert (checks[1].refusal or "").endswith("No such file or directory")
    assert [step.passed for step in checks[1].steps] == [True, True, True, False, None]
    assert checks[2].refusal == "it is not lent"
    assert list((output / ".tui-gen").iterdir()) == []


@pytest.mark.parametrize(
    ("address", "tls", "said"),
    [
        ("nas:8786", None, "not an address of a dask scheduler"),
        ("http://nas:8786", None, "not an address of a dask scheduler"),
        ("tls://nas:8786", None, "certificates belong to an address that begins with tls://"),
        ("tcp://nas:8786", TlsFiles("ca", "me", "key"), "certificates belong to"),
        ("tcp://127.0.0.1:{free}", None, "no dask scheduler answers there"),
        ("tcp://no.such.host.invalid:8786", None, "no dask scheduler answers there"),
    ],
)
async def test_an_address_that_is_no_scheduler_is_refused(
    stage: WritingStage, tmp_path: Path, address: str, tls: TlsFiles | None, said: str
) -> None:
    settings = ClusterSettings(address.format(free=free_port()), tls=tls)
    with pytest.raises(RefusedError, match=said):
        async with executor_of(Cluster(tmp_path), stage, tmp_path, settings):
            """Not reached."""
