"""The verdict is the same line in the screen, the status file, `monitor`, `ctl`, `run` and the hooks."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.geometry import Size

from tests.engine.model.test_run_verdict import GB, damaged, run_of
from tests.tui.runs import FakeController
from tests.views.states import NOW, replanned, state_of
from tui_gen.commands import ctl, monitor
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.model.run_verdict import run_verdict
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.hooks import GATHER_SECONDS, EventDetector
from tui_gen.engine.storage.status import status_of, write_status
from tui_gen.engine.storage.status_reader import read_status
from tui_gen.tui.panes.summary import OverallPane
from tui_gen.tui.view import EngineInfo, ScreenView, condition_of
from tui_gen.tui.widgets.styled_lines import Line
from tui_gen.views.text.run_lines import Reporter

LINE = "Cleo: last 24 clips: damaged data, 0 patches for 3 min. s skips it, costs 30 images"
END = NOW + 240.0


def failing() -> RunState:
    return run_of(*damaged("cleo"))


def view_of(state: RunState, *, is_read_only: bool = False, engine: EngineInfo | None = None) -> ScreenView:
    engine = engine or EngineInfo()
    return ScreenView(
        state, state.last_at, condition_of(state, engine), is_read_only=is_read_only, engine=engine
    )


def words(written: Line) -> str:
    return "".join(span.text for span in written)


def head(state: RunState, width: int, *, is_read_only: bool = False, key: str | None = None) -> str:
    pane = OverallPane()
    pane.key_of = lambda _action: key
    return words(pane.page(view_of(state, is_read_only=is_read_only), Size(width, 5)).row(1)).rstrip()


# ------------------------------------------------------------------ every view


def test_the_screen_says_it_below_the_state() -> None:
    assert head(failing(), 200) == f" ! {LINE}"


async def test_the_status_file_and_what_reads_it_say_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "SIGN_SECONDS", 0.1)  # it waits so long for a sign of the engine
    state, path, out = failing(), tmp_path / "status.json", io.StringIO()
    await write_status(path, status_of(state, state.last_at))
    raw = json.loads(path.read_text())
    assert raw["verdict"] == {
        "kind": "failing",
        "level": "warning",
        "text": LINE,
        "source": "cleo",
        "action": "skip",
    }
    seen = read_status(path, state.last_at)
    assert run_verdict(seen.state, metrics_of(seen.state, seen.heartbeat), seen.heartbeat).text() == LINE
    assert ctl._status_text(seen, "", ctl.CtlOrder("status")).splitlines()[1] == LINE
    raw["heartbeat"] = raw["last_update"] = time.time()
    path.write_text(json.dumps(raw))
    monitor.watch(path, out, is_once=True, is_json=False)
    assert LINE.partition(",")[0] in out.getvalue().splitlines()[1]
    raw["heartbeat"] -= 3600.0
    path.write_text(json.dumps(raw))
    monitor.watch(path, out, is_once=True, is_json=False)
    assert "No sign of the engine for 1h" in out.getvalue()


@dataclass
class Seconds:
    at: float = 0.0

    def __call__(self) -> float:
        self.at += 10.0
        return self.at


def test_a_run_in_the_foreground_says_it_when_it_changes_and_no_other_time() -> None:
    out, state = io.StringIO(), run_of()
    controller = FakeController(state)
    reporter = Reporter(controller, out, io.StringIO(), lambda: state.last_at, steady=Seconds())

    def said() -> Iterator[str]:
        reporter.look()
        lines = out.getvalue().splitlines()
        out.seek(0)
        out.truncate()
        return (line for line in lines if "min  " not in line)

    assert list(said()) == ["All well"]
    assert list(said()) == []
    for event in damaged("cleo"):
        state.apply(event)
    assert list(said()) == [LINE]
    state.apply(next(damaged("cleo", 1, first=700)))
    assert list(said()) == []


def test_hooks_get_it_with_each_event_and_as_a_problem_once() -> None:
    detector, state = EventDetector(), run_of()
    list(detector.look(state, NOW))
    for event in damaged("cleo"):
        state.apply(event)
    found = list(detector.look(state, END + GATHER_SECONDS))
    assert [event.event for event in found] == ["on_problem"]
    told = found[0].said
    assert told["verdict"]["text"].startswith("Cleo: last 24 clips: damaged data")
    assert [(each["video"], each["level"]) for each in told["problems"]] == [("Cleo", "warning")] * told[
        "count"
    ]
    assert any("24 clips: damaged data" in each["text"] for each in told["problems"])
    assert list(detector.look(state, END + 3 * GATHER_SECONDS)) == []


# ------------------------------------------------------------------ widths and keys of the screen


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_key_is_there_at_every_width_and_the_line_fits(width: int) -> None:
    written = head(failing(), width)
    assert "s skips it" in written
    assert "damaged data" in written
    assert len(written) < width


@pytest.mark.parametrize("width", [60, 80])
def test_every_verdict_with_a_key_has_words_for_a_narrow_screen(width: int) -> None:
    missed = run_of(replanned({"dora": 0}), shortfall=True)
    assert "1 shows the categories" in head(missed, width)
    assert "a starts it again" in head(state_of("finished with gaps"), width)
    assert "space goes on" in head(run_of(ev.PhaseChanged(NOW, "paused")), width)
    stalled = run_of(*damaged("cleo"), *damaged("bert"), ev.SlotOpened(NOW, 2, "cleo"))
    assert "6 lists the problems" in head(stalled, 80)


def test_a_long_name_is_cut_and_not_the_fact() -> None:
    state = failing()
    state.sources["cleo"].name = "The Assassination of Jesse James by the Coward Robert Ford (2007)"
    written = head(state, 80)
    assert written.startswith(" ! The Assassina")
    assert "last 24 clips: damaged data" in written
    assert len(written) < 80


def test_the_line_names_the_key_of_the_keymap() -> None:
    assert "f5 skips it" in head(failing(), 120, key="f5")


def test_a_screen_that_only_watches_offers_no_key_that_steers() -> None:
    assert "skips it" not in head(failing(), 120, is_read_only=True)
    low = run_of(ev.DiskMeasured(NOW, 60_000_000, 400 * GB, 50_000_000))
    assert "4 shows the disk" in head(low, 120, is_read_only=True)


def test_an_engine_not_heard_of_is_the_verdict() -> None:
    view = view_of(failing(), engine=EngineInfo(silent_seconds=45.0))
    assert view.verdict.kind == "silent"
    assert view_of(failing(), engine=EngineInfo(silent_seconds=3.0)).verdict.kind == "failing"


def test_a_dead_engine_is_the_verdict() -> None:
    assert view_of(failing(), engine=EngineInfo(is_alive=False)).verdict.kind == "dead"
