"""Problems by kind: one line a fact, errors first, nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.problem_kinds import ProblemKind, problem_kinds
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Plan, SourcePlan

VIDEO = RunState().nouns.source
NAMES = ("Anna", "Bert: the Movie", "Cleo")


def run_of(*noted: tuple[str, str, str | None]) -> RunState:
    state = RunState()
    plans = tuple(
        SourcePlan(name[0].lower(), name, f"/{name}.mkv", 255, (), 0, clips_made=0, clips_left=9)
        for name in NAMES
    )
    state.apply(ev.StagePlanned(1.0, "extract", Plan(plans, {})))
    for at, (level, text, source) in enumerate(noted):
        state.apply(ev.ProblemNoted(float(at), level, text, source))
    return state


def texts(kinds: list[ProblemKind]) -> list[str]:
    return [kind.text(VIDEO) for kind in kinds]


def test_an_error_stands_above_eleven_warnings_of_one_kind() -> None:
    spacing = [("warning", f"Anna: {n} clips, only 0.{n} s apart", None) for n in range(10, 21)]
    kinds = problem_kinds(run_of(("error", "encrypted", "c"), *spacing))
    assert texts(kinds) == ["encrypted: Cleo", "N clips, only 0.10 to 0.20 s apart: Anna"]
    assert [len(kind.members) for kind in kinds] == [1, 11]


def test_one_fact_about_several_videos_counts_them() -> None:
    kinds = problem_kinds(
        run_of(
            ("warning", "Anna: 40 clips, only 0.83 s apart", None),
            ("warning", "Bert: the Movie: 40 clips, only 0.91 s apart", None),
            ("warning", "40 clips, only 0.50 s apart", "c"),
        )
    )
    assert texts(kinds) == ["3 videos: 40 clips, only 0.50 to 0.91 s apart"]
    assert kinds[0].names == ["Cleo", "Bert: the Movie", "Anna"]
    assert kinds[0].source is None


def test_the_only_video_of_a_kind_can_be_steered_and_a_repeated_problem_counts() -> None:
    kinds = problem_kinds(run_of(*[("error", "clip 3 failed: killed", "a")] * 4))
    assert (kinds[0].source, kinds[0].times, texts(kinds)) == ("a", 4, ["clip 3 failed: killed: Anna"])


def test_a_problem_of_no_video_and_one_of_an_unknown_one_keep_their_texts() -> None:
    kinds = problem_kinds(run_of(("warning", "disk low: 61 GB free", None), ("warning", "gone", "old")))
    assert texts(kinds) == ["gone: old", "disk low: 61 GB free"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["error", "warning"]),
            st.sampled_from(["a 1", "a 2.5", "b", "Anna: b", "c: 1,000", "1 and 1", ""]),
            st.sampled_from([None, "a", "b"]),
        )
    )
)
def test_each_problem_is_in_one_kind_and_errors_are_first(noted: list[tuple[str, str, str | None]]) -> None:
    state = run_of(*noted)
    kinds = problem_kinds(state)
    members = [member.problem for kind in kinds for member in kind.members]
    assert sorted(map(id, members)) == sorted(map(id, state.problems))
    levels = [kind.level for kind in kinds]
    assert levels == sorted(levels)
    assert all(member.problem.level == kind.level for kind in kinds for member in kind.members)
