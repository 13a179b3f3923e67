"""What is wanted, what is left, and for how long: each number has one definition."""

from __future__ import annotations

import json

import pytest

from tests.views.states import CLIPS, NOW, replanned, state_of
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.metrics import (
    dataset_categories,
    falls_short,
    idle_sources,
    image_categories,
    images_of,
    metrics_of,
    standing,
)
from tui_gen.engine.model.problems import PROBLEMS_KEPT
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import DATASET, CategoryPlan, Clip, Made, Patch, Plan, SourcePlan
from tui_gen.engine.storage.status import status_of
from tui_gen.engine.storage.status_reader import snapshot_of
from tui_gen.views.text.final_lines import final_lines
from tui_gen.views.text.tables import LineWidth

MADE = CLIPS + 20 + 10


@pytest.mark.parametrize(
    ("name", "wanted", "to_do"),
    [
        ("normal", 4 * CLIPS, 4 * CLIPS - MADE),
        ("paused", 4 * CLIPS, 4 * CLIPS - MADE),
        ("unreachable", 4 * CLIPS, 4 * CLIPS - MADE),  # it waits within this run
        ("quarantined", 4 * CLIPS, 3 * CLIPS - MADE),  # the next run tries it again
        ("failed", 4 * CLIPS, 4 * CLIPS - MADE - 2),  # so are failed clips
        ("skipped", 3 * CLIPS, 3 * CLIPS - MADE),
        ("unusable", 3 * CLIPS, 3 * CLIPS - MADE),
        ("missing", 3 * CLIPS, 3 * CLIPS - MADE),
        ("before the plan", 0, 0),
    ],
)
def test_a_video_keeps_its_clips_until_it_gives_them_up(name: str, wanted: int, to_do: int) -> None:
    metrics = metrics_of(state_of(name), NOW)
    assert (metrics.clips_wanted, metrics.clips_to_do) == (wanted, to_do)
    assert metrics.clips_left == metrics.clips_wanted - metrics.clips_done


def test_a_video_gives_up_its_clips_before_the_next_plan_is_made() -> None:
    state = state_of("normal")
    state.apply(ev.SourceSkipped(NOW - 1, "dora"))
    assert metrics_of(state, NOW).clips_wanted == 3 * CLIPS


def test_the_time_left_is_that_of_this_run() -> None:
    metrics = metrics_of(state_of("quarantined"), NOW)
    assert metrics.clips_per_second is not None
    assert metrics.seconds_left == metrics.clips_to_do / metrics.clips_per_second
    assert metrics.seconds_to_completion == metrics.clips_left / metrics.clips_per_second


def test_the_disk_must_hold_what_a_quarantined_video_keeps() -> None:
    normal = metrics_of(state_of("normal"), NOW)
    assert normal.bytes_left == metrics_of(state_of("quarantined"), NOW).bytes_left
    assert normal.seconds_until_disk_full == pytest.approx(
        metrics_of(state_of("quarantined"), NOW).seconds_until_disk_full
    )


def test_before_the_plan_nothing_is_known_to_be_left() -> None:
    metrics = metrics_of(state_of("before the plan"), NOW)
    assert (metrics.has_plan, metrics.seconds_left, metrics.clips_left) == (False, None, 0)


def test_surplus_images_count_for_nothing() -> None:
    state = state_of("finished")
    general = state.categories["general"]
    before = general.missing
    general.surplus += 3
    general.planned += 3
    assert metrics_of(state, NOW).categories["general"].missing == before + 3


def test_problems_that_are_not_kept_any_more_are_counted() -> None:
    state = state_of("normal")
    for number in range(PROBLEMS_KEPT + 7):
        level = "error" if number % 2 else "warning"
        state.apply(ev.ProblemNoted(NOW, level, "problem " + "i" * number))
    problems = metrics_of(state, NOW).problems
    assert len(state.problems) == PROBLEMS_KEPT
    assert (problems.errors, problems.warnings) == (253, 254)
    state.apply(ev.RunStarted(NOW, "toy", {}, "c", "/out", 1, "box", "1"))
    assert metrics_of(state, NOW).problems.errors == 0


@pytest.mark.parametrize(
    ("name", "is_at_work", "word"),
    [
        ("normal", True, "at work"),
        ("normal", False, "died"),
        ("limit", False, "stopped"),
        ("finished with gaps", False, "with gaps"),
    ],
)
def test_how_a_run_stands_is_one_word(name: str, word: str, *, is_at_work: bool) -> None:
    assert standing(state_of(name), is_at_work=is_at_work) == word


def short_of_nothing() -> RunState:
    state = state_of("finished")
    state.categories["general"].target = None
    return state


def test_a_run_falls_short_of_what_a_video_keeps_and_not_of_what_is_skipped() -> None:
    state = short_of_nothing()
    assert not falls_short(state, None)
    state.apply(ev.SourceQuarantined(NOW, "dora", "killed"))
    assert falls_short(state, None)
    assert not falls_short(state, frozenset({"anna"}))
    state = short_of_nothing()
    state.apply(ev.SourceSkipped(NOW, "dora"))
    assert not falls_short(state, None)


def test_idle_videos_have_a_reason() -> None:
    state = state_of("quarantined")
    state.apply(ev.SourceSkipped(NOW, "cleo"))
    state.apply(replanned({"cleo": 10}))
    assert [source.id for source in idle_sources(state)] == ["cleo", "dora"]


def test_what_a_stage_makes_of_the_whole_dataset_is_no_image_of_the_total() -> None:
    state = state_of("normal")
    before = metrics_of(state, NOW)
    source = SourcePlan(DATASET, "everything", "/out", 255, (), (), 0, 1, {"file": 1})
    state.apply(ev.StagePlanned(NOW, "join", Plan((source,), {"file": CategoryPlan(None, 1, "file")})))
    state.apply(ev.ClipEnded(NOW, "join", Made(Clip(DATASET, 0), (Patch("file", 500, {}),), 1, 1.0)))
    after = metrics_of(state, NOW)
    assert dataset_categories(state) == {"file"}
    assert (after.total.images, after.total.wanted) == (before.total.images, before.total.wanted)
    assert after.total.size_bytes == before.total.size_bytes + 500, "it takes room all the same"
    assert after.total.mean_patch_bytes == before.total.mean_patch_bytes
    assert after.categories["file"].images == 1
    assert after.clips_done == before.clips_done + 1
    assert after.source_clips_done == before.source_clips_done == before.clips_done


def test_totals_count_only_the_categories_that_hold_images() -> None:
    state = state_of("normal")
    whole = metrics_of(state, NOW)
    nouns = Nouns(clip=Noun("step", "steps"), image_categories=("space", "not made yet"))
    state.apply(ev.JobDescribed(NOW, nouns))
    metrics = metrics_of(state, NOW)
    space = metrics.categories["space"]
    assert image_categories(state) == {"space"}
    assert (metrics.total.images, metrics.total.planned) == (space.images, space.planned) == (30, 2 * CLIPS)
    assert (metrics.total.wanted, metrics.total.share_done) == (space.wanted, space.share_done)
    assert metrics.categories["general"].images == whole.categories["general"].images  # its own row stays
    assert metrics.total.size_bytes == whole.total.size_bytes  # the disk holds all of them
    assert images_of(state, state.sources["bert"]) == 20
    assert "".join(final_lines(state, NOW, LineWidth(80, is_cut=False))).count(" images") == 3


def test_a_monitor_counts_the_same_images() -> None:
    state = state_of("normal")
    state.apply(ev.JobDescribed(NOW, Nouns(image_categories=("space",))))
    seen = snapshot_of(json.loads(json.dumps(status_of(state, NOW))), NOW, origin="a test").state
    assert metrics_of(seen, NOW).total == metrics_of(state, NOW).total
