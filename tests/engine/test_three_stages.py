"""A job of several stages: what stands in their records, what begins when, and what a change redoes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine import invariants
from tests.engine.three_stages import three_stages
from tui_gen.base.nouns import Noun, Nouns
from tui_gen.commands.plan import Parallel, dry_run
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_changes import refused_changes
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import DATASET
from tui_gen.engine.run.disk_guard import Watched
from tui_gen.engine.run.session import Session, replay
from tui_gen.engine.scheduling.options import Options
from tui_gen.engine.storage.ledger import read_events
from tui_gen.views.text.tables import LineWidth

ROOT = Path(__file__).parents[2]
TEXTS = {f"text{n}": "".join(f"line {k} of {n}\n" for k in range(5)) for n in range(3)}


def texts_in(folder: Path) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    paths = {}
    for name, text in TEXTS.items():
        paths[name] = folder / f"{name}.txt"
        if not paths[name].exists():
            paths[name].write_text(text)
    return paths


def run(folder: Path, recipes: dict[str, Any] | None = None, **options: Any) -> RunState:  # noqa: ANN401
    """Run the job to its end, and return the state."""
    output = folder / "out"
    output.mkdir(exist_ok=True)
    session = Session(output / ".tui-gen")
    job: Any = three_stages.Texts(output, texts_in(folder / "texts"), recipes or {})
    try:
        session.begin(job, config=folder / "config.json", output=output)
        watched = Watched(output, output / ".tui-gen", output / "status.json", 0)
        asyncio.run(session.perform(job, Options(workers=3, **options), watched, lambda _: None))
        invariants.check(session.state)
        invariants.check_replayed(session.state, output / ".tui-gen" / "ledger.jsonl")
        return session.state
    finally:
        session.close()


def made_in(folder: Path) -> Counter[str]:
    """Return how many clips of each stage the ledger tells of."""
    events = read_events(folder / "out" / ".tui-gen" / "ledger.jsonl", on_damage=[])
    return Counter(event.stage for event in events if isinstance(event, ev.ClipEnded))


def files_in(folder: Path) -> dict[str, str]:
    output = folder / "out"
    found = (path for path in output.rglob("*.txt") if ".tui-gen" not in path.parts)
    return {str(path.relative_to(output)): path.read_text() for path in found}


def superseded_in(folder: Path) -> set[str]:
    kept = folder / "out" / ".tui-gen" / "superseded"
    return {str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file()}


def test_three_stages_are_performed_and_a_second_run_finds_nothing_to_do(tmp_path: Path) -> None:
    state = run(tmp_path)
    assert made_in(tmp_path) == {"cut": 15, "capitals": 15, "join": 1}
    assert files_in(tmp_path)["join/all.txt"].splitlines()[0] == "LINE 0 OF 0"
    assert state.records["text0"].stage("cut").made == {"cut": 0b11111}
    assert state.records["text0"].stage("capitals").made == {"capitals": 0b11111}
    assert state.sources[DATASET].is_dataset
    assert state.named_stage == "join", "one of several that make something"
    again = run(tmp_path)
    assert made_in(tmp_path) == {"cut": 15, "capitals": 15, "join": 1}
    assert again.phase == "finished"


def test_a_source_enters_the_next_stage_while_others_are_still_in_the_first(tmp_path: Path) -> None:
    run(tmp_path)
    events = read_events(tmp_path / "out" / ".tui-gen" / "ledger.jsonl", on_damage=[])
    order = [(event.stage, event.outcome.clip.source) for event in events if isinstance(event, ev.ClipEnded)]
    for source in TEXTS:
        cut = max(place for place, each in enumerate(order) if each == ("cut", source))
        capitals = min(place for place, each in enumerate(order) if each == ("capitals", source))
        assert cut < capitals
    assert order[-1] == ("join", DATASET)


@pytest.mark.parametrize(
    ("changed", "redone"),
    [
        ({"join": {"separator": " "}}, {"join": 1}),
        ({"capitals": {"mark": "!"}}, {"capitals": 15, "join": 1}),
        ({"cut": {"ending": ";"}}, {"cut": 15, "capitals": 15, "join": 1}),
    ],
)
def test_a_changed_setting_redoes_its_stage_and_those_after_it(
    tmp_path: Path, changed: dict[str, Any], redone: dict[str, int]
) -> None:
    run(tmp_path, {"cut": {"ending": ""}, "capitals": {"mark": ""}, "join": {"separator": "\n"}})
    first = made_in(tmp_path)
    before = files_in(tmp_path)
    recipes = {"cut": {"ending": ""}, "capitals": {"mark": ""}, "join": {"separator": "\n"}} | changed
    state = run(tmp_path, recipes)
    assert made_in(tmp_path) - first == redone
    assert state.categories["capitals"].images == 15
    assert superseded_in(tmp_path) == {
        name for name, text in before.items() if files_in(tmp_path)[name] != text
    }
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    run(fresh, recipes)
    assert files_in(tmp_path) == files_in(fresh)


def test_a_dataset_stage_is_redone_when_its_inputs_change(tmp_path: Path) -> None:
    run(tmp_path)
    text = tmp_path / "texts" / "text1.txt"
    text.write_text(text.read_text() + "a sixth line\n")
    run(tmp_path)
    assert made_in(tmp_path) == {"cut": 16, "capitals": 16, "join": 2}
    assert "A SIXTH LINE" in files_in(tmp_path)["join/all.txt"]


@pytest.mark.parametrize(
    ("changed", "says", "planned"),
    [
        ({}, [], ["Lines: 0 to make, 15 made"] * 2 + ["Result: made"]),
        (
            {"join": {"separator": " "}},
            ["Settings have changed. Redone: join. What they made before is kept."],
            ["Lines: 0 to make, 15 made"] * 2 + ["Result: to be made"],
        ),
        (
            {"capitals": {"mark": "!"}},
            ["Settings have changed. Redone: capitals, join. What they made before is kept."],
            ["Lines: 0 to make, 15 made", "Lines: 15 to make, 0 made"],
        ),
    ],
)
def test_a_plan_after_changed_settings_is_what_the_run_does(
    tmp_path: Path, changed: dict[str, Any], says: list[str], planned: list[str]
) -> None:
    recipes = {"cut": {"ending": ""}, "capitals": {"mark": ""}, "join": {"separator": "\n"}}
    run(tmp_path, recipes)
    lines = planned_lines(tmp_path, recipes | changed)
    assert [line for line in lines if "Redone" in line] == says
    assert [line for line in lines if line.endswith(" made")] == planned


def test_a_plan_tells_of_changed_inputs(tmp_path: Path) -> None:
    run(tmp_path)
    state, _ = replay(tmp_path / "out" / ".tui-gen")
    state.apply(ev.PatchesLost(9.0, "text0", "capitals", (4,), 1, "capitals"))
    (tmp_path / "texts" / "text0.txt").write_text("".join(f"line {k} of 0\n" for k in range(4)))
    state.apply(ev.PatchesLost(9.0, "text0", "cut", (4,), 1, "cut"))
    lines = planned_lines(tmp_path, {}, state)
    assert "Inputs have changed. Redone: join. What they made before is kept." in lines
    assert "Result: to be made" in lines


def planned_lines(folder: Path, recipes: dict[str, Any], state: RunState | None = None) -> list[str]:
    """Return the dry run of the job."""
    if state is None:
        state, _ = replay(folder / "out" / ".tui-gen")
    line = Noun("line", "lines")
    state.apply(ev.JobDescribed(0.0, Nouns(Noun("text", "texts"), line, line, line)))
    job: Any = three_stages.Texts(folder / "out", texts_in(folder / "texts"), recipes)
    return list(
        dry_run(job.stages, state, lambda: 100.0, LineWidth(80, is_cut=False), parallel=Parallel(1, 2))
    )


@pytest.mark.parametrize("options", [{"limit": 100}, {"only": frozenset({"text0"})}])
def test_a_dataset_stage_is_left_out_of_a_partial_run(tmp_path: Path, options: dict[str, Any]) -> None:
    state = run(tmp_path, **options)
    assert "join" not in made_in(tmp_path)
    assert any("join was left out" in problem.text for problem in state.problems)


def test_a_stage_that_may_not_be_redone_is_refused(tmp_path: Path) -> None:
    state = run(tmp_path, {"cut": {"ending": ""}})
    job: Any = three_stages.Texts(tmp_path / "out", {}, {"cut": {"ending": ";"}})
    assert refused_changes(job.stages, state) == []
    refusing = [replace(stage, on_change="refuse") for stage in job.stages[:1]]
    assert refused_changes(refusing, state) == ["stage cut: ending: '' -> ';'"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.engine import test_three_stages
from tests.engine import invariants
from tests.engine.three_stages import three_stages
left, write_whole = int(sys.argv[2]), three_stages.write_whole

def dying(path, text, *, output):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    write_whole(path, text, output=output)

three_stages.write_whole = dying
test_three_stages.run(Path(sys.argv[1]))
"""


@pytest.mark.crash
def test_a_run_killed_in_any_stage_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    folder, whole = tmp_path / "killed", tmp_path / "whole"
    folder.mkdir()
    whole.mkdir()
    for after in (3, 9, 12, 8):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(folder), str(after)], check=False, cwd=ROOT, env=environment()
        )
        assert killed.returncode == -signal.SIGKILL
    run(folder)
    run(whole)
    assert files_in(folder) == files_in(whole)
    made = made_in(folder)
    assert made == made_in(whole)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
