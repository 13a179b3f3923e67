"""What is planned: what is not made, in units of 64, lazily, and in time and memory that a million allow."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.jobs.videomnist.datasets import digits_in
from tui_gen.engine.model.clip_sets import members
from tui_gen.engine.model.stage_records import SourceRecord, StageRecord
from tui_gen.engine.model.work import DATASET, CategoryPlan, Clip, Plan, SourcePlan
from tui_gen.jobs.videomnist.config.settings import Settings
from tui_gen.jobs.videomnist.model import Split, VideoSettings
from tui_gen.jobs.videomnist.planning import Units, inputs_digest, plan_file, plan_samples, plan_videos
from tui_gen.jobs.videomnist.units import ASSEMBLE, FILE_CATEGORY, RENDER, VideoUnit, all_sources

ENTRY = CategoryPlan(None, 1, "x")


def settings_of(videos: int, tests: int = 1) -> Settings:
    return Settings(
        Path("/c.json"), Path("/o"), VideoSettings(), videos_per_digit=videos, test_videos_per_digit=tests
    )


def records_of(made: int, *, rejected: int = 0) -> dict[str, SourceRecord]:
    """Return records in which every source has these videos."""
    return {
        source: SourceRecord(stages={RENDER: StageRecord(made={split: made}, rejected=rejected)})
        for source, split, _ in all_sources()
    }


def plan_of(plan: Plan, source: str) -> SourcePlan:
    return next(each for each in plan.sources if each.source == source)


@given(st.sets(st.integers(0, 700)))
def test_members_are_those_of_the_bit_set_in_order(indexes: set[int]) -> None:
    assert list(members(sum(1 << index for index in indexes))) == sorted(indexes)


@given(st.sets(st.integers(0, 400)))
def test_units_hold_every_video_once_and_at_most_64(indexes: set[int]) -> None:
    units = list(Units("train-3", sum(1 << index for index in indexes)))
    assert [index for unit in units for index in unit.indexes] == sorted(indexes)
    assert all(1 <= len(unit.indexes) <= 64 for unit in units)


def test_a_unit_without_what_is_done_keeps_the_rest() -> None:
    unit = VideoUnit("test-1", (2, 5, 9))
    assert unit.without({Clip("test-1", 5)}) == VideoUnit("test-1", (2, 9))
    assert unit.without(set(unit.clips)) is None


def test_growth_plans_the_new_videos_alone_and_fewer_plan_none() -> None:
    records = records_of(0b111)
    grown = plan_of(plan_videos(settings_of(5), records, None), "train-4")
    assert [unit.indexes for unit in grown.units if isinstance(unit, VideoUnit)] == [(3, 4)]
    assert (grown.clips_made, grown.clips_left, grown.quotas) == (3, 2, {"train": 5})
    fewer = plan_of(plan_videos(settings_of(2), records, None), "train-4")
    assert (list(fewer.units), fewer.clips_made, fewer.clips_left) == ([], 2, 0)


def test_a_rejected_video_is_not_planned_again_and_the_target_is_missed() -> None:
    plan = plan_videos(settings_of(3), records_of(0b101, rejected=0b010), None)
    assert not any(source.clips_left for source in plan.sources if source.source.startswith("train"))
    train = plan.categories["train"]
    assert (train.planned, train.target) == (20, 30)


def test_a_skipped_digit_has_nothing_left() -> None:
    records = {"train-0": SourceRecord(skipped=True)}
    assert plan_of(plan_videos(settings_of(9), records, None), "train-0").clips_left == 0


def test_the_notes_tell_how_often_images_are_used() -> None:
    class FewImages:
        description, sha256, notes = "few", "0", ("there are few",)

        def count(self, split: Split, digit: int) -> int | None:
            del digit
            return 3 if split == "train" else None

        def outermost(self, split: Split, digit: int) -> NDArray[np.uint8]:
            raise NotImplementedError

        def image(self, split: Split, digit: int, number: int) -> NDArray[np.uint8]:
            raise NotImplementedError

    notes = plan_videos(settings_of(7), {}, FewImages()).notes
    assert notes == ("there are few", "train: images of digits are used up to 3 times")


def test_the_file_is_planned_once_for_a_set_of_videos() -> None:
    settings, records = settings_of(3), records_of(0b111)
    (plan,) = plan_file(settings, records, ENTRY).sources
    assert (plan.source, plan.clips_left) == (DATASET, 1)
    records[DATASET] = SourceRecord(stages={ASSEMBLE: StageRecord(made={FILE_CATEGORY: 1})})
    (plan,) = plan_file(settings, records, ENTRY).sources
    assert (plan.clips_made, plan.clips_left) == (1, 0)


def test_the_digest_of_the_inputs_follows_the_videos_and_how_many_are_wanted() -> None:
    digests = {
        inputs_digest(settings_of(3), records_of(0b111)),
        inputs_digest(settings_of(3), records_of(0b011)),
        inputs_digest(settings_of(2), records_of(0b111)),
        inputs_digest(settings_of(3, tests=2), records_of(0b111)),
    }
    assert len(digests) == 4
    assert inputs_digest(settings_of(2), records_of(0b111)) == inputs_digest(
        settings_of(2), records_of(0b011)
    )


def test_no_file_is_planned_while_a_split_has_no_video() -> None:
    records = {name: record for name, record in records_of(1).items() if name.startswith("train")}
    plan = plan_file(settings_of(1), records, ENTRY)
    assert not any(source.clips_left for source in plan.sources)
    assert "test split has no videos" in plan.warnings[0]


def test_no_samples_are_planned_before_there_is_a_file() -> None:
    plan = plan_samples(settings_of(1), records_of(1), ENTRY)
    assert not any(source.clips_left for source in plan.sources)


def test_the_units_of_a_million_videos_are_made_when_asked_for() -> None:
    plan = plan_videos(settings_of(83_334, 16_666), {}, None)
    assert sum(source.clips_left for source in plan.sources) == 1_000_000
    first = [list(islice(source.units, 2)) for source in plan.sources]
    assert all(len(units) == 2 for units in first)


def test_the_command_plans_a_million_videos_in_300_megabytes(tmp_path: Path) -> None:
    data = digits_in(tmp_path / "m", videos_per_digit=83_334, test_videos_per_digit=16_666)
    # ru_maxrss of a child begins with that of the process which started it.
    script = (
        "import re, sys; from tui_gen.cli.main import main; code = main(['plan', sys.argv[1]]);"
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(data.config)], capture_output=True, text=True, check=True
    )
    assert "1,000,000 to make" in done.stdout
    assert int(done.stdout.splitlines()[-1]) < 300_000


@pytest.mark.parametrize(
    ("video", "is_warned"),
    [
        (VideoSettings(image_size=64, digits_per_video=(1, 2), overlap="avoid"), True),
        (VideoSettings(image_size=96, digits_per_video=(1, 2), overlap="avoid"), False),
        (VideoSettings(image_size=64, digits_per_video=(2,), overlap="allow"), False),
        (VideoSettings(image_size=40, digits_per_video=(1,), overlap="avoid"), False),
    ],
)
def test_digits_without_room_to_avoid_one_another_are_warned_of(
    video: VideoSettings, *, is_warned: bool
) -> None:
    warnings = plan_videos(replace(settings_of(3), video=video), {}, None).warnings
    assert any("little room" in text for text in warnings) == is_warned
