from __future__ import annotations

from tui_gen.base.nouns import Noun, Nouns
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Failed, Made, Patch, Plan, Rejected, SourcePlan


def started(at: float) -> ev.RunStarted:
    return ev.RunStarted(at, "toy", {}, "c.json", "/out", 1, "host", "0")


def made(at: float, index: int, attempts: int = 1) -> ev.ClipEnded:
    patch = Patch("all", 100, {"format": "toy"})
    return ev.ClipEnded(at, "extract", Made(Clip("a", index), (patch,), attempts, 1.0))


def test_pauses_and_waits_are_not_in_the_elapsed_time() -> None:
    state = RunState()
    state.apply(started(0))
    for at, phase in [(0, "running"), (10, "paused"), (100, "running"), (110, "waiting"), (500, "running")]:
        state.apply(ev.PhaseChanged(at, phase))
    assert state.elapsed_seconds(520) == 40


def test_the_time_between_runs_is_not_in_the_elapsed_time_even_after_a_crash() -> None:
    state = RunState()
    state.apply(started(0))
    state.apply(ev.PhaseChanged(0, "running"))
    state.apply(made(30, 0))
    state.apply(started(10_000))
    state.apply(ev.PhaseChanged(10_000, "running"))
    assert state.elapsed_seconds(10_005) == 35
    assert state.clips_before == 1


def test_a_patch_made_again_counts_once() -> None:
    state = RunState()
    state.apply(made(1, 3))
    state.apply(made(2, 3))
    assert state.categories["all"].images == 1
    assert state.categories["all"].size_bytes == 100


def test_a_low_success_rate_is_told_once() -> None:
    state = RunState()
    for index in range(40):
        rejected = Rejected(Clip("a", index), "blank", 10, 1.0)
        state.apply(made(1, index) if index % 2 else ev.ClipEnded(1, "extract", rejected))
    assert [problem.text for problem in state.problems] == ["low success rate: 50.0% of 20 clips, below 80%"]


def test_repeated_problems_are_counted_and_come_last() -> None:
    state = RunState()
    for at, text in enumerate(["one", "two", "one"]):
        state.apply(ev.ProblemNoted(at, "warning", text))
    assert [(problem.text, problem.count) for problem in state.problems] == [("two", 1), ("one", 2)]


def test_a_picture_of_a_moment_does_not_change_with_later_events() -> None:
    state = RunState()
    state.apply(made(1, 0))
    picture = state.copy()
    state.apply(made(2, 1))
    state.apply(ev.SourceSkipped(3, "a"))
    assert picture.sources["a"].images == {"all": 1}
    assert not picture.sources["a"].is_skipped
    assert len(picture.recent) == 1


def test_rates_count_attempts_and_retries() -> None:
    state = RunState()
    state.apply(made(1, 0))
    state.apply(made(1, 1, attempts=3))
    assert (state.success_rate, state.retry_rate, state.average_attempts) == (1.0, 0.5, 2.0)


def planned(at: float, *warnings: str) -> ev.StagePlanned:
    return ev.StagePlanned(at, "extract", Plan((), {}, warnings))


def test_a_plan_that_warns_of_other_numbers_takes_its_last_warning_back() -> None:
    state = RunState()
    state.apply(planned(1, "80 cannot be met: 20 planned", "its 9 clips are near"))
    state.apply(planned(2, "80 cannot be met: 19 planned", "its 9 clips are near"))
    state.apply(planned(3, "80 cannot be met: 18 planned", "something new"))
    assert [(problem.text, problem.count) for problem in state.problems] == [
        ("80 cannot be met: 18 planned", 1),
        ("its 9 clips are near", 1),
        ("something new", 1),
    ]
    assert [problem.first_at for problem in state.problems] == [1, 1, 3]
    noted = [event.text for _, event in state.recent if isinstance(event, ev.ProblemNoted)]
    assert noted == ["80 cannot be met: 20 planned", "its 9 clips are near", "something new"]


def test_problems_use_the_nouns_of_the_job() -> None:
    state = RunState()
    state.apply(ev.JobDescribed(0.0, Nouns(clip=Noun("frame", "frames"))))
    for index in range(20):
        state.apply(ev.ClipEnded(1, "", Failed(Clip("a", index), "gone", 1, 1.0)))
    texts = [problem.text for problem in state.problems]
    assert "frame 0 failed: gone" in texts
    assert "low success rate: 0.0% of 20 frames, below 80%" in texts


def of_stage(stage: str, *, left: int, source: str = "a") -> ev.StagePlanned:
    plan = SourcePlan(source, source, f"/{source}", 255, (), left, clips_made=0, clips_left=left)
    return ev.StagePlanned(1, stage, Plan((plan,)), is_named=stage != "look")


def test_the_stage_at_work_is_the_first_that_has_clips_to_make() -> None:
    state = RunState()
    state.apply(started(0))
    stages = []
    for event in (
        of_stage("look", left=0),
        of_stage("cut", left=2),
        of_stage("paint", left=0),  # it is planned beside the one that feeds it
        of_stage("paint", left=1),
        of_stage("cut", left=0),
        of_stage("paint", left=0),
    ):
        state.apply(event)
        stages.append((state.stage, state.named_stage))
    cut, paint = ("cut", "cut"), ("paint", "paint")
    assert stages == [("look", ""), cut, cut, cut, paint, paint]


def test_clips_that_failed_keep_no_stage_at_work() -> None:
    state = RunState()
    state.apply(started(0))
    state.apply(of_stage("cut", left=1))
    state.apply(ev.ClipEnded(1, "cut", Failed(Clip("a", 0), "torn", 1, 1.0)))
    state.apply(of_stage("paint", left=5))
    assert state.stage == "paint"
