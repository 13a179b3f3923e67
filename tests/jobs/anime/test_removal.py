"""remove_intermediate: the images go, the knowledge stays, and what needs the images is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.acceptance.program import run_inside
from tests.jobs.anime.series import Series, images, named
from tui_gen.base.exit_codes import ExitCode
from tui_gen.engine.model import events as ev
from tui_gen.engine.run.session import replay
from tui_gen.jobs.anime.config.load import load_settings
from tui_gen.jobs.anime.images.store import ImageStore
from tui_gen.jobs.anime.planning import plan_removal
from tui_gen.jobs.anime.units import CATEGORIES
from tui_gen.jobs.anime.work.select import encoded


@pytest.fixture(scope="module")
def kept(made: Series, tmp_path_factory: pytest.TempPathFactory) -> Series:
    """Return a finished dataset with its intermediate images, a group renamed and a frame deleted by hand."""
    series = made.copy(tmp_path_factory.mktemp("removal") / "kept")
    largest = max(series.classified.iterdir(), key=lambda folder: len(images(folder)))
    largest.rename(series.classified / "Mizuki")
    images(series.raw)[-1].unlink()
    series.run()
    return series


@pytest.fixture(scope="module")
def removed(kept: Series, tmp_path_factory: pytest.TempPathFactory) -> Series:
    """Return a copy whose intermediate images were removed; an image that a hand added stays."""
    series = kept.copy(tmp_path_factory.mktemp("removal") / "removed")
    rgb = ImageStore.read(images(series.raw)[0])
    (series.raw / "mine.png").write_bytes(encoded(rgb[::-1], ".png"))
    series.write(remove_intermediate=True)
    series.run()
    return series


@pytest.fixture
def series(removed: Series, tmp_path: Path) -> Series:
    return removed.copy(tmp_path / "copy")


def test_only_images_of_hands_are_left_and_the_training_set_is_whole(kept: Series, removed: Series) -> None:
    below = removed.output / "intermediate"
    assert [path.name for path in sorted(below.rglob("*")) if path.is_file()] == [
        ".mine_meta.json", "mine.png"
    ]  # fmt: skip
    assert set(named(kept.training)) <= set(named(removed.training))
    facts = [line["facts"] for line in removed.ledger() if line["kind"] == "facts"]
    assert any(each.get("removed") for each in facts)


def test_a_later_run_takes_nothing_for_dropped_or_lost(series: Series) -> None:
    before, lines = series.stamps(), len(series.ledger())
    done = series.run()
    assert series.stamps() == before
    assert "by hand" not in done.out
    new = [line for line in series.ledger()[lines:] if line["kind"] in {"clip", "lost", "facts"}]
    assert [line for line in new if set(line.get("facts", ())) != {"source"}] == []  # its path is another one


def test_verify_misses_nothing(series: Series) -> None:
    done = run_inside("verify", series.config)
    assert (done.code, "all whole" in done.err, "by hand" in done.err) == (0, True, False), str(done)


def test_a_damaged_image_cannot_be_made_again_and_costs_no_later_run(series: Series) -> None:
    damaged = images(series.training)[0]
    damaged.write_bytes(b"no image")
    lines = len(series.ledger())
    done = run_inside("verify", series.config, "--repair")
    assert done.code == ExitCode.REFUSED, str(done)
    assert "the images cannot be made again" in done.err
    assert not [line for line in series.ledger()[lines:] if line["kind"] == "lost"]
    damaged.unlink()
    assert "training: 1 deleted by hand" in series.run().out


def test_later_stages_can_be_performed_again(series: Series) -> None:
    series.write(remove_intermediate=True, general_description="drawn")
    series.run()
    captions = {path.stem: path.with_suffix(".txt").read_text() for path in images(series.training)}
    assert captions
    assert {stem: text for stem, text in captions.items() if "drawn" not in text} == {}
    assert any("Mizuki" in caption for caption in captions.values())


@pytest.mark.parametrize(
    ("changes", "needs"),
    [
        ({"min_crop_size": 100}, "the settings or models of the stage crop changed"),
        ({"n_anime_reg": 0}, "the settings or models of the stage classify changed"),
    ],
)
def test_changed_settings_of_early_stages_are_refused(
    series: Series, changes: dict[str, int], needs: str
) -> None:
    before = series.stamps()
    series.write(remove_intermediate=True, **changes)
    done = series.run(code=ExitCode.REFUSED)
    assert needs in done.err
    assert "images of raw, cropped and classified were removed" in done.err
    assert series.stamps() == before


def test_a_new_episode_and_a_new_image_are_refused(series: Series) -> None:
    episode = next((series.folder / "series").iterdir())
    second = episode.with_name("Small Series - 02.mkv")
    shutil.copy(episode, second)
    done = series.run(code=ExitCode.REFUSED)
    assert "the stage probe has work to do for Small Series - 02.mkv" in done.err
    second.unlink()
    shutil.copy(series.raw / "mine.png", series.raw / "other.png")
    assert "has work to do for added by hand" in series.run(code=ExitCode.REFUSED).err


def test_a_removal_that_was_cut_off_goes_on(kept: Series, tmp_path: Path) -> None:
    series = kept.copy(tmp_path / "copy")
    training = series.stamps()
    (series.output / ".tui-gen" / "anime" / "removed").touch()
    for path in images(series.raw)[:3]:
        path.unlink()
    series.write(remove_intermediate=True)
    done = series.run()
    assert "by hand" not in done.out
    assert not (series.output / "intermediate").exists()
    after = series.stamps()
    assert {path: stamp for path, stamp in training.items() if path.startswith("training/")} == after


@pytest.mark.soak
def test_a_dataset_that_is_started_over_is_made_whole(series: Series) -> None:
    series.write()
    series.run("--fresh", "--yes")
    assert len(images(series.raw)) > 10
    assert images(series.classified)
    assert not (series.output / ".tui-gen" / "anime" / "removed").exists()


@pytest.mark.parametrize(("source", "stage"), [("EP1", "crop"), ("EP1", "tag"), ("dataset", "balance")])
def test_nothing_is_removed_while_a_stage_before_has_work(made: Series, source: str, stage: str) -> None:
    settings = load_settings(made.config)
    state, _ = replay(settings.folders.run_folder)
    (planned,) = plan_removal(settings, state.records).sources
    assert planned.clips_left == len(list(planned.units)) == 1
    category = CATEGORIES[stage]
    made_clips = state.records[source].stage(stage).made[category]
    first = (made_clips & -made_clips).bit_length() - 1
    state.apply(ev.PatchesLost(0.0, source, category, (first,), 0, stage))
    (planned,) = plan_removal(settings, state.records).sources
    assert planned.clips_left == len(list(planned.units)) == 0
