"""Films can be chosen for validation after they were used: their patches are moved, and nothing is lost."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Films, write_config
from tests.acceptance.program import Dataset, Running, command, entry, run_inside
from tui_gen.cli.main import main
from tui_gen.engine.storage.history import replay_history


@pytest.fixture(scope="module")
def finished(films: Films, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Return a finished dataset of two films for training."""
    videos: list[dict[str, Any]] = [
        entry(films.alpha, "Alpha", {"general": 0.5, "space": 0.5}, id="alpha"),
        entry(films.beta, "Beta", {"general": 0.6}, id="beta"),
    ]
    folder = tmp_path_factory.mktemp("used")
    data = write_config(folder, videos, name="one", targets={}, base_frame_limit=8)
    data.complete()
    return data


@pytest.fixture
def used(finished: Dataset, tmp_path: Path) -> Dataset:
    """Return a copy of it that a test may change."""
    shutil.copytree(finished.output, tmp_path / finished.output.name)
    return Dataset(Path(shutil.copy(finished.config, tmp_path)))


def contents(data: Dataset) -> list[str]:
    return sorted(data.tree().values())


def work_of(data: Dataset) -> tuple[object, ...]:
    """Return what counts as work done."""
    state, history, _ = replay_history(data.output / ".tui-gen")
    rates = [(part.patches, part.end) for part in history.bins(50)]
    return state.clips_made, state.attempts, list(state.minutes), state.last_at, rates, history.runs


def test_a_film_that_was_used_is_moved_and_goes_on_there(used: Dataset) -> None:
    before, written = contents(used), used.config.read_text(encoding="utf-8")
    listed = run_inside("split", "-c", used.config)
    assert "train" in listed.out.splitlines()[1]
    chosen = run_inside("split", "--val", "bet", "-c", used.config)
    assert chosen.code == 0, str(chosen)
    assert "split --move" in chosen.err
    assert (
        used.config.read_text(encoding="utf-8")
        .replace(',\n   "split": "val"', "")
        .replace(', "split": "val"', "")
        == written
    )
    # Until then it gives nothing, and says so.
    waiting = used.run()
    assert waiting.code == 3, str(waiting)
    assert contents(used) == before
    counted = work_of(used)
    moved = run_inside("split", "--move", "--json", "-c", used.config)
    assert "Moved 5 patches" in moved.err, str(moved)
    assert work_of(used) == counted
    (beta,) = (film for film in json.loads(moved.out) if film["id"] == "beta")
    assert (beta["split"], beta["made"]) == ("val", {"train": 0, "val": 5, "test": 0})
    assert contents(used) == before
    assert not [path for path in used.tree() if "/Patches" in path and "_beta_" in path]
    checked = run_inside("verify", used.config)
    assert (checked.code, checked.out) == (0, ""), str(checked)
    used.edit(lambda settings: settings["base_settings"].update(base_frame_limit=10))
    used.complete()
    assert used.status()["category_stats"]["general/val"]["images_created"] == 6
    assert used.count("GT", "patch_beta_*") == 0
    # And back again: the same files in the same places.
    back = run_inside("split", "--train", "Beta", "--move", "-c", used.config)
    assert "Moved 6 patches" in back.err, str(back)
    assert used.count("GT", "patch_beta_*") == 6
    assert run_inside("verify", used.config).code == 0


def test_a_move_that_was_cut_short_is_ended_by_the_next(used: Dataset) -> None:
    before = contents(used)
    run_inside("split", "--test", "alpha", "-c", used.config)
    lost = next(path for path in sorted(used.tree()) if "_alpha_" in path and "/LR/" in path)
    target = used.output / lost.replace("/Patches", "/Test")
    target.parent.mkdir(parents=True)
    (used.output / lost).rename(target)  # as a kill after the first file would leave it
    moved = run_inside("split", "--move", "-c", used.config)
    assert moved.code == 0, str(moved)
    assert contents(used) == before
    assert run_inside("verify", used.config).code == 0


def test_nothing_is_moved_while_an_engine_works(used: Dataset) -> None:
    used.edit(lambda settings: settings["base_settings"].update(base_frame_limit=60))
    lines = used.ledger_path.stat().st_size
    with Running(command("run", used.config, "--workers", "1")) as running:
        running.wait_until(lambda: used.ledger_path.stat().st_size > lines, "it holds the folder")
        running.signal(signal.SIGSTOP)  # so that it cannot be done before this test is
        refused = run_inside("split", "--move", "-c", used.config)
        running.process.kill()
    assert refused.code == 11, str(refused)


@pytest.mark.parametrize(("name", "words"), [("a", "means several"), ("nobody", "names no video")])
def test_a_name_must_mean_one_film(
    name: str, words: str, used: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    before = used.config.read_bytes()
    assert main(["split", "--val", name, "-c", str(used.config)]) == 2
    assert words in capsys.readouterr().err
    assert used.config.read_bytes() == before


def test_a_suggestion_is_a_command_to_take(used: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["split", "--suggest", "40%", "-c", str(used.config)]) == 0
    said = capsys.readouterr()
    name = said.out.split()[0]
    assert f"tui-gen split --val {name}" in said.err
    assert name in {"alpha", "beta"}
