"""What each machine made, in the statistics and on pages, and the table of the machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from textual.geometry import Size

from tests.tui.runs import cluster_run
from tests.views.states import NOW, at_work
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.storage.history import history_of
from tui_gen.tui.panes.result import ResultPane
from tui_gen.tui.view import EngineInfo, ScreenView, condition_of
from tui_gen.views.html.report import report_page
from tui_gen.views.text.final_lines import final_lines
from tui_gen.views.text.machine_lines import machine_table, machines_line, made_rows
from tui_gen.views.text.tables import LineWidth

WIDTH = LineWidth(100, is_cut=True)


def ended() -> Iterator[ev.Event]:
    yield from at_work()
    yield ev.RunEnded(NOW, "stopped", 4)


def made_by_two() -> RunState:
    """Return a run that has ended: every third clip was made at home, the others by two machines."""
    state, number = RunState(), 0
    for event in ended():
        if isinstance(event, ev.ClipEnded):
            number += 1
            event = replace(event, machine=("", "box2", "box10")[number % 3])  # noqa: PLW2901
        state.apply(event)
    return state


def test_the_final_statistics_say_what_each_machine_made() -> None:
    state = made_by_two()
    rows = {name: clips for name, clips, _ in made_rows(state)}
    assert list(rows) == ["box2", "box10", "the engine's"]
    assert sum(rows.values()) == state.clips_made
    lines = list(final_lines(state, NOW, WIDTH))
    place = lines.index("Machines:")
    assert lines[place + 1].split() == ["machine", "clips", "share", "patches"]
    assert lines[place + 2].split()[:2] == ["box2", str(rows["box2"])]
    assert lines[place + 4].startswith("  the engine's")


def test_the_report_and_the_page_of_the_end_say_it_too() -> None:
    state = made_by_two()
    page = report_page(state, history_of([]), now=NOW, is_at_work=False)
    assert "<h2>Machines</h2>" in page
    assert "box10" in page
    view = ScreenView(state, NOW, condition_of(state, EngineInfo()))
    written = ResultPane().page(view, Size(100, 60))
    text = "\n".join("".join(span.text for span in written.row(row)) for row in range(len(written.keys)))
    assert f"machines      box2: {state.machines['box2'].clips_made} clips, " in text


def test_a_run_at_home_has_no_word_of_machines() -> None:
    state = RunState()
    for event in ended():
        state.apply(event)
    assert made_rows(state) == []
    assert "Machines:" not in list(final_lines(state, NOW, WIDTH))
    assert "Machines" not in report_page(state, history_of([]), now=NOW, is_at_work=False)
    assert machines_line(state) == ""


def test_the_table_of_the_machines_is_aligned_and_its_reasons_are_cut() -> None:
    state = cluster_run()
    lines = list(machine_table(state, NOW, WIDTH))
    assert machines_line(state) == "5 machines: 2 running, 1 silent, 1 refused, 1 waiting"
    assert max(map(len, lines)) <= WIDTH.cells
    phase = lines[0].index("phase")
    assert [line[phase:].split()[0] for line in lines[1:]] == [
        *("running", "running", "silent", "refused:", "waiting:")
    ]
    assert lines[4].endswith("…")


def test_clips_of_a_machine_are_counted_while_the_run_works() -> None:
    state = RunState()
    for event in at_work():
        state.apply(replace(event, machine="box2") if isinstance(event, ev.ClipEnded) else event)
    assert state.machines["box2"].clips_made == state.clips_made
    assert [name for name, _, _ in made_rows(state)] == ["box2"]
