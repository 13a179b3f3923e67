"""A dataset whose settings change: what is redone, what is kept, and what the commands say of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jobs.videomnist.datasets import Digits, digits_in
from tui_gen.engine.model import events as ev
from tui_gen.engine.run.session import replay
from tui_gen.jobs.videomnist import read_config
from tui_gen.jobs.videomnist.opened import OpenedMovingDigits
from tui_gen.jobs.videomnist.units import ASSEMBLE, DatasetUnit
from tui_gen.jobs.videomnist.work import assembling, sampling
from tui_gen.jobs.videomnist.work.orders import AssembleOrder
from tui_gen.processes.orders.messages import Signs

SAMPLES = {"create_samples": True, "num_samples": 1, "sample_formats": ["gif"], "create_comparison": False}
TINY = {"videos_per_digit": 1, "max_workers": 1}
Make = Callable[..., Digits]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a maker of the smallest datasets."""
    return lambda **changes: digits_in(tmp_path / "digits", **{**TINY, **changes})


@pytest.fixture(scope="module")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished dataset with samples."""
    data = digits_in(tmp_path_factory.mktemp("finished") / "digits", **TINY, **SAMPLES)
    data.complete()
    return data.config.parent


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> Digits:
    """Return a finished dataset with samples, to change."""
    shutil.copytree(finished_once, tmp_path / "finished")
    return Digits(tmp_path / "finished" / "generator_config.json")


def kept(data: Digits) -> dict[str, bytes]:
    """Return the superseded files, by name."""
    folder = data.output / ".tui-gen" / "superseded"
    return contents(folder) if folder.exists() else {}


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def under(name: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{name}/{file}": content for file, content in files.items()}


# ------------------------------------------------------------------ what is replaced is kept


def test_a_file_and_samples_that_are_replaced_are_kept_as_a_whole_and_once(finished: Digits) -> None:
    data = finished
    slow, small = data.h5.read_bytes(), contents(data.output / "samples")
    assert {"digit_0_video_000.gif", "videomnist_montage.png", "dataset_stats.txt"} <= set(small)
    data.edit(num_per_class=2)  # no comparison shows it
    assert "Redone: samples" in data.call("run").out
    assert kept(data) == {}, "the same bytes"
    data.edit(zoom=2, fps=20)
    data.complete()
    fast, large = data.h5.read_bytes(), contents(data.output / "samples")
    assert kept(data) == {"videomnist.h5": slow, **under("samples", small)}
    data.edit(zoom=1, fps=10)
    data.complete()
    both = {"videomnist.h5": slow, "videomnist.h5.2": fast}
    both |= under("samples", small) | under("samples.2", large)
    assert kept(data) == both
    assert contents(data.output / "samples") == small
    data.edit(zoom=2, fps=20)
    data.complete()
    assert kept(data) == both, "nothing is kept twice"


def test_a_kill_while_samples_are_replaced_loses_none_and_keeps_none_twice(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read_config(make().config).settings
    names = [Path(f"digit_{number}_video_00{number}.gif") for number in range(3)]

    def draw(text: str) -> None:
        for folder in (settings.unfinished_samples, settings.samples_folder):
            folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (settings.unfinished_samples / name).write_text(text)
        sampling.replace_samples(settings, names)

    draw("old")
    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", replace_once(Path.replace))
        with pytest.raises(KeyboardInterrupt):
            draw("new")
    assert sorted(contents(settings.samples_folder).values()) == [b"new", b"old", b"old"]
    draw("new")
    assert set(contents(settings.samples_folder).values()) == {b"new"}
    superseded = contents(settings.run_folder / "superseded")
    assert superseded == under("samples", {name.name: b"old" for name in names})


def replace_once(replace: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
    """Return what replaces one file, and then ends the program."""
    left = [True]

    def replace_or_die(path: Path, target: Path) -> Path:
        if not left:
            raise KeyboardInterrupt
        left.clear()
        return replace(path, target)

    return replace_or_die


# ------------------------------------------------------------------ what a plan says


def test_a_plan_says_which_stages_the_run_redoes(finished: Digits) -> None:
    data = finished
    assert "Redone" not in data.call("plan").out
    data.edit(zoom=2)
    said = data.call("plan").out
    assert "Settings have changed. Redone: samples. What they made before is kept." in said
    assert said.count("Result: made") == 1
    assert said.count("Result: to be made") == 1
    data.edit(zoom=1, fps=20)
    said = data.call("plan").out
    assert "Redone: assemble, samples." in said
    assert "Stage samples: cannot be planned in full before stage assemble has made its result" in said
    data.edit(fps=10, test_videos_per_digit=2)
    assert "Stage assemble: cannot be planned in full before stage render" in data.call("plan").out


def test_a_plan_says_which_stages_changed_inputs_redo(make: Make) -> None:
    data = make(videos_per_digit=2)
    data.complete()
    data.edit(videos_per_digit=1)
    said = data.call("plan").out
    assert "Inputs have changed. Redone: assemble. What they made before is kept." in said
    assert "Result: to be made" in said


def test_a_plan_is_refused_where_the_run_is(finished: Digits) -> None:
    finished.edit(margin=3)
    planned, run = finished.call("plan"), finished.call("run")
    assert (planned.code, run.code) == (2, 2)
    assert planned.err == run.err
    assert "margin: 5.0 -> 3.0" in planned.err
    assert "choose another output_dir, start over" in planned.err
    mixed = finished.call("plan", "--mix")
    assert mixed.code == 0
    assert "Videos: 20 to make, 0 made" in mixed.out


# ------------------------------------------------------------------ what is said


def test_the_key_of_this_jobs_output_folder_is_named(make: Make) -> None:
    data = make()
    data.output.write_bytes(b"a file in the place of the folder")
    run, check = data.call("run"), data.call("check")
    assert (run.code, check.code) == (2, 3)
    assert 'choose another "output_dir" in' in run.err
    assert "choose another output_dir or" in " ".join(check.out.split())


def test_classes_that_are_alike_have_one_row_in_a_check(make: Make) -> None:
    said = make().call("check").out.splitlines()
    rows = [line.split() for line in said if line.startswith(("train", "test"))]
    assert rows == [["train", "any", "number", "1", "1"], ["test", "any", "number", "1", "1"]]
    assert "Digits: 20; 20 good" in said


# ------------------------------------------------------------------ what is not rendered again


def test_a_file_with_another_name_is_made_of_the_earlier_one(
    finished: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished.edit(output_file="other.h5")
    opened, order = opened_and_order(finished)
    monkeypatch.setattr(assembling, "Renderer", None)
    assembling.assembled(opened.job.children.context, order, Signs(lambda _: None))
    assert (finished.output / "other.h5").read_bytes() == finished.h5.read_bytes()
    assert kept(finished) == {}


def opened_and_order(data: Digits) -> tuple[OpenedMovingDigits, AssembleOrder]:
    """Return the opened job, and the order for a file whose settings have changed."""
    config = read_config(data.config)
    state, _ = replay(config.run.run_folder)
    state.apply(ev.StageStarted(1.0, ASSEMBLE, {}, is_redone=True))
    opened = config.open(state.records)
    (plan,) = opened.job.stages[1].plan(state.records).sources
    (unit,) = plan.units
    assert isinstance(unit, DatasetUnit)
    return opened, AssembleOrder(dict(unit.made), has_earlier=unit.has_earlier)


def test_another_recipe_and_another_name_render_all_videos_again(finished: Digits) -> None:
    finished.edit(output_file="other.h5", margin=3, create_samples=False)
    finished.complete("--mix")
    assert len(finished.made()) == 40
    assert finished.call("verify").code == 0
    said = finished.call("run").out
    assert "Resuming: 20 videos of 20 videos are made" in said, "what is made again counts once"


def test_videos_in_a_shard_that_no_line_tells_of_are_not_rendered_again(make: Make) -> None:
    data = make(videos_per_digit=3, keep_shards=True)
    assert data.call("run", "--limit", "1").code == 0
    (shard,) = data.shards.iterdir()
    before = shard.stat()
    data.complete()
    (of_digit,) = data.shards.glob("train-0.*")
    assert of_digit == shard
    assert (of_digit.stat().st_ino, of_digit.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert len(set(data.made())) == 40
    assert data.call("verify").code == 0
