"""A dry run performs discovery stages alone, and says which stages it cannot plan yet."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.engine.toy import Act, ToyStage, ToyUnit, make
from tui_gen.base.nouns import USUAL_NOUNS, Noun
from tui_gen.commands.plan import Parallel, dry_run
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import (
    Clip,
    Learned,
    Made,
    Patch,
    Plan,
    Report,
    SourcePlan,
    Stage,
    StageDefaults,
    Unit,
)
from tui_gen.views.text.tables import LineWidth


@dataclass
class Lookup(StageDefaults):
    """A discovery stage: learns how many clips each source can give."""

    capacities: Mapping[str, int]
    name: str = "look"
    is_discovery: bool = True
    looked_at: list[str] = field(default_factory=list)

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        unknown = [
            name for name in self.capacities if "capacity" not in records.get(name, SourceRecord()).facts
        ]
        return Plan(tuple(SourcePlan(n, n, n, 255, (ToyUnit(n, ()),), n, 0, 0) for n in unknown))

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        self.looked_at.append(unit.source)
        yield Learned(unit.source, {"capacity": self.capacities[unit.source]})


@dataclass
class KnownAlone(ToyStage):
    """Makes clips of the sources that are known, up to their capacity."""

    def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
        facts = {name: record.facts for name, record in records.items()}
        self.quotas = {name: known["capacity"] for name, known in facts.items() if "capacity" in known}
        return super().plan(records)


class OverDataset(ToyStage):
    """Begins when all sources have ended the stages before."""

    scope = "dataset"


def writing(folder: Path) -> Act:
    """Return what makes a clip by writing a file, as a real stage does."""

    def write(clip: Clip) -> Sequence[Report]:
        (folder / f"{clip.index}.png").touch()
        return make(clip)

    return write


def output_of(state: RunState, *stages: Stage) -> list[str]:
    return list(dry_run(stages, state, lambda: 100.0, LineWidth(80, is_cut=False), parallel=Parallel(2, 2)))


def made(state: RunState, stage: str, *indexes: int) -> None:
    for index in indexes:
        patches = (Patch("all", 10, {"format": "toy"}),)
        state.apply(ev.ClipEnded(1.0, stage, Made(Clip("a", index), patches, 1, 0.5)))


def stages_of_three(folder: Path) -> Iterator[Stage]:
    yield Lookup({"a": 5, "b": 3})
    yield KnownAlone({}, act=writing(folder), name="cut")
    yield ToyStage({"a": 5}, act=writing(folder), name="pack")


def test_only_discovery_stages_are_performed(tmp_path: Path) -> None:
    lookup, cut, pack = stages_of_three(tmp_path)
    assert isinstance(lookup, Lookup)
    lines = output_of(RunState(), lookup, cut, pack)
    assert sorted(lookup.looked_at) == ["a", "b"]
    assert list(tmp_path.iterdir()) == []
    assert "Clips:   8 to make, 0 made" in lines


def test_a_stage_whose_input_is_not_made_yet_is_named(tmp_path: Path) -> None:
    lines = output_of(RunState(), *stages_of_three(tmp_path))
    assert "Stage cut:" in lines
    (later,) = [line for line in lines if line.startswith("Stage pack")]
    assert later == (
        "Stage pack: cannot be planned in full before stage cut has made its 8 clips; "
        "from what exists already: 5 clips to make"
    )


def test_a_stage_over_the_dataset_has_nothing_to_make_before_everything_else_is_made() -> None:
    join = OverDataset({"a": 1}, name="join")
    lines = output_of(RunState(), ToyStage({"a": 2}, name="cut"), join)
    assert "Stage join: cannot be planned in full before stage cut has made its 2 clips" in lines


def test_a_stage_after_one_that_made_everything_is_planned_in_full() -> None:
    state = RunState()
    made(state, "cut", 0, 1)
    pack = ToyStage({"a": 2, "b": 4}, name="pack")
    lines = output_of(state, ToyStage({"a": 2}, name="cut"), pack)
    assert "Clips:   0 to make, 2 made" in lines
    assert "Clips:   6 to make, 0 made" in lines, "what another stage made is not its own"
    assert not any("cannot be planned" in line for line in lines)


def test_a_discovery_stage_is_performed_only_after_everything_before_it_is_made() -> None:
    look = Lookup({"a": 5})
    output_of(RunState(), ToyStage({"a": 2}, name="cut"), look)
    assert look.looked_at == []
    state = RunState()
    made(state, "cut", 0, 1)
    output_of(state, ToyStage({"a": 2}, name="cut"), look)
    assert look.looked_at == ["a"]


def test_a_job_with_one_making_stage_has_no_headings() -> None:
    lines = output_of(RunState(), Lookup({"a": 5}), KnownAlone({}, name="cut"))
    assert not any(line.startswith("Stage") for line in lines)


def test_what_has_one_noun_and_no_files_of_its_own_is_counted_once() -> None:
    class WithoutFiles(ToyStage):
        def plan(self, records: Mapping[str, SourceRecord]) -> Plan:
            plan = super().plan(records)
            categories = {name: replace(each, files_per_patch=0) for name, each in plan.categories.items()}
            return replace(plan, categories=categories)

    piece = Noun("piece", "pieces")
    state = RunState(nouns=replace(USUAL_NOUNS, clip=piece, patch=piece))
    lines = output_of(state, WithoutFiles({"a": 2}, name="cut"))
    assert [line for line in lines if line.startswith("Pieces:")] == ["Pieces: 2 to make, 0 made"]
    lines = output_of(RunState(), WithoutFiles({"a": 2}, name="cut"))
    assert "Patches: 2 to make" in lines


def test_a_stage_over_the_dataset_says_whether_its_result_is_made() -> None:
    state = RunState()
    join = OverDataset({"a": 1}, name="join")
    lines = output_of(state, join)
    assert "Result: to be made" in lines
    assert not any(line.startswith(("Clips:", "Time:")) for line in lines)
    made(state, "join", 0)
    lines = output_of(state, join)
    assert "Result: made" in lines
    assert not any(line.startswith(("Clips:", "Disk:")) for line in lines)
    assert "Result: 2 of 3 parts to be made" in output_of(state, OverDataset({"a": 3}, name="join"))
    assert "Result: nothing to make" in output_of(RunState(), OverDataset({"a": 0}, name="join"))


def test_a_stage_after_one_over_the_dataset_waits_for_its_result() -> None:
    lines = output_of(RunState(), OverDataset({"a": 1}, name="join"), OverDataset({"a": 1}, name="show"))
    assert "Stage show: cannot be planned in full before stage join has made its result" in lines
