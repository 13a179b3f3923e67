"""`check --cluster`: the table, the JSON and the exit codes, and what is refused before anything connects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cluster.harness import cluster_of, free_port
from tests.cluster.lender import lender
from tui_gen.base.exit_codes import ExitCode
from tui_gen.cli.main import main
from tui_gen.commands.check.cluster import ClusterFindings, json_of, lines_of
from tui_gen.engine.executors.enlisting import STEPS, EnlistStep, MachineCheck, StepName
from tui_gen.views.text.tables import LineWidth

WIDE = LineWidth(100, is_cut=True)
SMALL = {"videos_per_digit": 2, "test_videos_per_digit": 1, "create_samples": False, "sequence_length": 4}


def machine(name: str, failed: StepName | None = None, reason: str = "", cores: int = 8) -> MachineCheck:
    steps = []
    passed: bool | None = True
    for step in STEPS:
        if step == failed:
            steps.append(EnlistStep(step, passed=False, detail=reason))
            passed = None
        else:
            steps.append(EnlistStep(step, passed=passed, detail="ok" if passed else ""))
    return MachineCheck(name, 7, cores, f"{name}.lan", tuple(steps))


def findings(*machines: MachineCheck, warnings: Sequence[str] = ()) -> ClusterFindings:
    return ClusterFindings("tcp://nas:8786", machines, warnings)


GOOD = machine("box1")
OTHER_FFMPEG = machine("box2", "recipe", "it would make other bytes: ffmpeg: '9.0.2' -> '5.1.9'")
AWAY = machine("box3", "version", "it is not lent", cores=0)


def test_a_row_is_a_machine_and_a_column_a_step() -> None:
    assert list(lines_of(findings(GOOD, OTHER_FFMPEG, AWAY, warnings=["it is open"]), WIDE)) == [
        "warning: it is open",
        "machine  workers  cores  version  recipe  proof  output  sources",
        "box1           7      8  ok       ok      ok     ok      ok",
        "box2           7      8  ok       NO      -      -       -",
        "    recipe: it would make other bytes: ffmpeg: '9.0.2' -> '5.1.9'",
        "box3           7      -  NO       -       -      -       -",
        "    version: it is not lent",
        "1 of 3 machines can work, with 7 workers together (tcp://nas:8786).",
    ]


def test_a_name_from_another_machine_steers_no_terminal() -> None:
    bad = machine("box\x1b[2J", "output", "\x1b]0;title\x07")
    assert not [line for line in lines_of(findings(bad), WIDE) if "\x1b" in line or "\x07" in line]


def test_without_a_machine_it_says_what_to_start() -> None:
    assert list(lines_of(findings(), WIDE)) == [
        "No machine lends itself: start `tui-gen lend tcp://nas:8786` on each (docs/cluster.md)."
    ]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (findings(GOOD), ExitCode.DONE),
        (findings(GOOD, OTHER_FFMPEG), ExitCode.WITH_GAPS),
        (findings(OTHER_FFMPEG, AWAY), ExitCode.REFUSED),
        (findings(), ExitCode.REFUSED),
    ],
)
def test_the_exit_code_says_how_many_can_work(found: ClusterFindings, code: ExitCode) -> None:
    assert found.exit_code == code


def test_scripts_get_everything() -> None:
    told = json.loads(json_of(findings(GOOD, OTHER_FFMPEG, warnings=["it is open"])))
    assert (told["schema"], told["ready"], told["address"]) == (1, False, "tcp://nas:8786")
    assert told["warnings"] == ["it is open"]
    good, other = told["machines"]
    assert (good["name"], good["host"], good["workers"], good["cores"]) == ("box1", "box1.lan", 7, 8)
    assert (good["usable"], other["usable"]) == (True, False)
    assert [step["passed"] for step in other["steps"]] == [True, False, None, None, None]
    assert other["steps"][1]["detail"].startswith("it would make other bytes")


# ------------------------------------------------------------------------------------ the command


def configured(folder: Path, **more: object) -> Path:
    path = folder / "c.json"
    config = {"job": "videomnist", "output_dir": "out", "digits": "drawn", **SMALL, **more}
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def test_a_configuration_without_a_cluster_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configured(tmp_path)
    assert main(["check", str(path), "--cluster"]) == ExitCode.REFUSED
    assert f'{path} names no "cluster": write one, or give --cluster ADDRESS' in capsys.readouterr().err


def test_a_scheduler_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    path = configured(tmp_path, cluster={"address": address})
    assert main(["check", str(path), "--cluster"]) == ExitCode.REFUSED
    assert f"{address}: nothing listens at" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.cluster
def test_real_machines_are_examined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with cluster_of(tmp_path / "boxes") as cluster:
        path = configured(
            tmp_path,
            cluster={"address": cluster.address, "machines": {"b": {"workers": 5}, "c": {}}},
        )
        assert main(["check", str(path), "--cluster"]) == ExitCode.REFUSED
        assert "c        " in capsys.readouterr().out
        (tmp_path / "out").mkdir()
        with (
            lender(cluster.address, "--name", "a", "--workers", "3") as first,
            lender(cluster.address, "--name", "b", "--workers", "2") as second,
        ):
            first.wait_for("connected to")
            second.wait_for("connected to")
            assert main(["check", str(path), "--cluster", "--json"]) == ExitCode.WITH_GAPS
            told = json.loads(capsys.readouterr().out)
    assert [(each["name"], each["workers"], each["usable"]) for each in told["machines"]] == [
        ("a", 3, True),
        ("b", 5, True),
        ("c", 0, False),
    ]
    assert list((tmp_path / "out").iterdir()) == []
