"""What the commands are told of a dataset of digits: pictures, measures, the state of the digits, repairs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.jobs.videomnist.datasets import Digits, digits_in
from tui_gen.base.errors import RefusedError
from tui_gen.contract.export import ExportForm, ExportRequest
from tui_gen.contract.preview import Picture
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.work import DATASET
from tui_gen.engine.run.session import replay
from tui_gen.jobs.videomnist import capabilities, nouns, read_config
from tui_gen.jobs.videomnist.config_capabilities import capabilities_of
from tui_gen.jobs.videomnist.job import MovingDigitsConfig
from tui_gen.jobs.videomnist.units import ASSEMBLE, RENDER


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    """Return a finished dataset."""
    data = digits_in(tmp_path_factory.mktemp("looking") / "digits", videos_per_digit=2)
    data.complete()
    return data


@pytest.fixture
def config(digits: Digits) -> MovingDigitsConfig:
    return read_config(digits.config)


def test_the_job_offers_what_makes_sense_for_it(config: MovingDigitsConfig) -> None:
    offered = config.capabilities
    assert (offered.splitter, offered.near_duplicates) == (None, None)
    assert None not in (offered.inspector, offered.planner, offered.verifier, offered.repairer)
    assert None not in (offered.statistician, offered.sheet_maker, offered.exporter, offered.previewer)
    assert capabilities().scanner is None
    assert capabilities().demo_maker is not None
    assert (nouns().source.many, nouns().clip.many, nouns().has_attempts) == ("digits", "videos", False)


def test_every_digit_is_inspected(config: MovingDigitsConfig) -> None:
    inspection = capabilities_of(config.settings).inspector
    assert inspection is not None
    found = inspection.inspection({})
    assert [condition.level for condition in found.conditions] == ["good", "good"]
    looked = [asyncio.run(found.look(source)) for source in found.sources]
    assert len(looked) == 20
    assert {each.state for each in looked} == {"good"}
    assert looked[0].cells == {"images": "any number", "videos": "2", "uses": "1"}


def test_digits_that_cannot_be_used_are_told_and_none_is_inspected(tmp_path: Path) -> None:
    data = digits_in(tmp_path / "none", digits="/nowhere/at/all")
    inspector = read_config(data.config).capabilities.inspector
    assert inspector is not None
    found = inspector.inspection({})
    assert [condition.level for condition in found.conditions] == ["good", "wrong"]
    assert found.recipe is None
    assert asyncio.run(found.look("train-0")).state == "unusable"
    assert data.call("check").code == 3


def drawn(config: MovingDigitsConfig, patch: dict[str, object]) -> Picture:
    previewer = config.capabilities.previewer
    assert previewer is not None
    return previewer.draw(patch, columns=30, rows=5)


def test_a_video_is_drawn_as_three_frames_in_the_cells_that_there_are(config: MovingDigitsConfig) -> None:
    picture = drawn(config, {"format": "video", "source": "test-7", "clip": 0, "shard": "gone"})
    assert (len(picture.cells), {len(row) for row in picture.cells}) == (5, {30})
    assert "test, digit 7, video 0" in picture.caption
    shades = {half[0] for row in picture.cells for cell in row for half in cell}
    assert min(shades) == 0
    assert max(shades) > 128


def test_a_video_that_waits_in_a_shard_looks_as_in_the_file(
    config: MovingDigitsConfig, tmp_path: Path
) -> None:
    patch = {"format": "video", "source": "train-3", "clip": 1, "shard": "gone"}
    other = digits_in(tmp_path / "shards", videos_per_digit=2)
    assert other.call("run", "--limit", "30").code == 0
    (shard,) = other.shards.glob("train-3.*")
    waiting = drawn(read_config(other.config), {**patch, "shard": shard.name})
    assert waiting.cells == drawn(config, patch).cells


def test_what_is_no_video_is_drawn_as_the_first_one(config: MovingDigitsConfig) -> None:
    assert (
        "train, digit 0, video 0" in drawn(config, {"format": "hdf5", "source": DATASET, "clip": 0}).caption
    )


def test_a_video_that_is_nowhere_cannot_be_drawn(config: MovingDigitsConfig) -> None:
    with pytest.raises(ValueError, match="does not hold the video"):
        drawn(config, {"format": "video", "source": "train-3", "clip": 99})


def test_the_measures_are_those_of_every_video(config: MovingDigitsConfig) -> None:
    statistician = config.capabilities.statistician
    assert statistician is not None
    measured = statistician.measurements({}).measured
    assert (measured.clips, measured.patches) == (30, 30)
    pixels = [value for part in measured.values["pixels"].values() for value in part]
    assert len(pixels) == 30
    assert 80 < min(pixels) < max(pixels) < 400


def test_a_repair_renders_the_lost_videos_alone_and_loses_the_file(
    config: MovingDigitsConfig, digits: Digits
) -> None:
    state, _ = replay(digits.output / ".tui-gen")
    state.apply(ev.PatchesLost(1.0, "train-3", "train", (1,), 100, RENDER))
    repairer = config.capabilities.repairer
    assert repairer is not None
    restricted = repairer.restricted(config.open(state.records), {"train-3": {1: frozenset({"train"})}})
    for event in restricted.found:
        state.apply(event)
    render, assemble = restricted.job.stages
    left = {source.source: source.clips_left for source in render.plan(state.records).sources}
    assert {source: number for source, number in left.items() if number} == {"train-3": 1}
    assert [source.clips_left for source in assemble.plan(state.records).sources] == [1]
    (lost,) = restricted.found
    assert isinstance(lost, ev.PatchesLost)
    assert (lost.source, lost.stage) == (DATASET, ASSEMBLE)


def test_an_unknown_layout_or_part_is_refused(config: MovingDigitsConfig, tmp_path: Path) -> None:
    exporter = config.capabilities.exporter
    assert exporter is not None
    for request in (
        ExportRequest("avi", tmp_path / "a"),
        ExportRequest("folder", tmp_path / "b", categories=frozenset({"general"})),
        ExportRequest("folder", tmp_path / "c", splits=frozenset({"val"})),
        ExportRequest("folder", tmp_path / "d", form=ExportForm(merge=True)),
    ):
        with pytest.raises(RefusedError):
            exporter.export({}, request, on_done=lambda _done, _total: None, on_note=print)
    assert list(tmp_path.iterdir()) == []
