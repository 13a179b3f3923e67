"""The report says what the ledger holds, needs nothing but it, and never changes how a run ends."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.pages import HOSTILE, check_needs_nothing
from tui_gen.base.errors import RefusedError
from tui_gen.base.formatting import display_name
from tui_gen.cli.main import main
from tui_gen.commands import report
from tui_gen.contract.job import JobConfig
from tui_gen.contract.registry import read_config
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Clip, Failed, Made, Patch, Rejected
from tui_gen.engine.run.session import LEDGER_NAME, replay
from tui_gen.engine.storage import history as histories
from tui_gen.engine.storage.history import history_of, read_history
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.views.text import progress
from tui_gen.views.text.progress import long_reading

DAY = 86400.0
START = 1_764_000_000.0
IDS = ("aaaaaaaaaa", "bbbbbbbbbb")


def made(source: str, index: int, at: float, *categories: str) -> ev.ClipEnded:
    patches = tuple(Patch(name, 1000, {"format": "tiny"}) for name in categories)
    return ev.ClipEnded(at, "extract", Made(Clip(source, index), patches, 1, 2.0))


def run_started(at: float) -> ev.RunStarted:
    return ev.RunStarted(at, "superres", {"seed": 0}, "/etc/c.json", "/data", 1, "box", "1.2.3")


def two_runs() -> list[ev.Durable]:
    """Return a run that was killed after ten minutes, and a day later one that ended in order."""
    first, second = IDS
    later = START + DAY
    return [
        run_started(START),
        ev.PhaseChanged(START, "running"),
        *(made(first, k, START + 60 * (k + 1), "general", "space") for k in range(10)),
        run_started(later),
        ev.PhaseChanged(later, "running"),
        *(made(second, k, later + 30 * (k + 1), "general") for k in range(4)),
        ev.PhaseChanged(later + 120, "paused"),
        ev.PhaseChanged(later + 7200, "running"),
        ev.ClipEnded(later + 7260, "extract", Rejected(Clip(second, 4), "difference 46.1, over 45", 3, 6.0)),
        ev.ClipEnded(later + 7290, "extract", Rejected(Clip(second, 5), "difference 77.9, over 45", 1, 2.0)),
        ev.ClipEnded(later + 7320, "extract", Failed(Clip(second, 6), "ffmpeg was killed", 3, 9.0)),
        ev.RunEnded(later + 7320, "finished", 3),
    ]


@pytest.fixture
def config(tmp_path: Path) -> JobConfig:
    """Return a configuration of two films that exist nowhere."""
    videos = [
        {"name": name, "path": f"/nowhere/{source}.mkv", "id": source, "categories": weights}
        for name, source, weights in (
            (HOSTILE, IDS[0], {"general": 0.5, "space": 0.5}),
            ("Second", IDS[1], {"general": 1.0}),
        )
    ]
    settings = {
        "base_settings": {"output_base_dir": "out", "base_frame_limit": 20},
        "category_targets": {"general": 30, "space": 10},
        "videos": videos,
    }
    path = tmp_path / "generator_config.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    return read_config(path)


@pytest.fixture
def ledger(config: JobConfig) -> Path:
    """Write the ledger of both runs."""
    return write_ledger(config, two_runs())


def write_ledger(config: JobConfig, events: Sequence[ev.Durable]) -> Path:
    config.run.run_folder.mkdir(parents=True)
    path = config.run.run_folder / LEDGER_NAME
    ledger = Ledger(path)
    ledger.append(events)
    ledger.close()
    return path


# ------------------------------------------------------------------ the history


def test_rates_leave_out_the_night_between_runs_and_the_pauses() -> None:
    history = history_of(two_runs())
    assert history.work_seconds == 600 + 240
    assert sum(part.patches for part in history.bins(7)) == 24
    assert [part.end for part in history.bins(7)] == [120.0 * k for k in range(1, 8)]
    assert [run.began for run in history.runs] == [0.0, 600.0]
    assert [(run.clips, run.result, run.exit_code) for run in history.runs] == [
        (10, "", None),
        (7, "finished", 3),
    ]


def test_the_growth_of_a_category_ends_at_what_there_is() -> None:
    history = history_of(two_runs())
    growth = history.growth(100)
    assert {name: points[-1] for name, points in growth.items()} == {
        "general": (840.0, 14),
        "space": (840.0, 10),
    }
    assert growth["general"][0] == (0.0, 0)


def test_what_is_lost_and_made_again_counts_once() -> None:
    events = [
        *two_runs(),
        ev.PatchesLost(START + 2 * DAY, IDS[0], "general", (1, 2), 2000),
        run_started(START + 2 * DAY),
        ev.PhaseChanged(START + 2 * DAY, "running"),
        made(IDS[0], 1, START + 2 * DAY + 10, "general", "space"),
    ]
    state, history = RunState(), history_of(events)
    for event in events:
        state.apply(event)
    assert history.growth(10)["general"][-1][1] == state.categories["general"].images == 13
    assert history.growth(10)["space"][-1][1] == state.categories["space"].images == 10


def test_reasons_that_differ_in_numbers_are_one() -> None:
    history = history_of(two_runs())
    assert history.reasons == {
        ("rejected", "difference N, over N"): 2,
        ("failed", "ffmpeg was killed"): 1,
    }


def of_all_kinds() -> list[ev.Durable]:
    """Return what a ledger may hold: lines of made clips that are read in haste, and others like them."""
    hashed = (Patch("general", 7, {"format": "tiny", "files": {}}, 0xABC), Patch("space", 8, {"format": "b"}))
    at = START + 2 * DAY
    return [
        *two_runs(),
        ev.RunStarted(at, "superres", {}, "c.json", "out", 1, "host", "0.1", "", {}),
        ev.ClipEnded(
            at + 90, "extract", Made(Clip(IDS[0], 40), hashed, 1, 2.5, (), {"scores": {"cut": 1.0}})
        ),
        ev.ClipEnded(at + 80, "extract", Made(Clip(IDS[1], 41), hashed, 2, 1.5, (("toon", "flat 3.1"),))),
        ev.ClipEnded(at + 95, "extract", Made(Clip('a "b\\', 1), hashed, 1, 1.0)),
        ev.ClipEnded(at + 96, "extract", Made(Clip(IDS[0], 42), (Patch("ä", 9, {"format": "ü"}),), 1, 1.0)),
        ev.ClipEnded(at + 97, "extract", Made(Clip(IDS[0], 43), (Patch("general", 9, {}),), 1, 1.0)),
        made(IDS[0], 40, at + 99, "general", "space"),
        ev.PhaseChanged(at + 100, "paused"),
        made(IDS[0], 44, at + 130, "general"),
        ev.PatchesLost(at + 140, IDS[0], "general", (40, 44), 1007),
        made(IDS[0], 40, at + 150, "general"),
    ]


def test_a_ledger_that_is_read_in_haste_has_the_history_of_its_events(tmp_path: Path) -> None:
    events = of_all_kinds()
    writer = Ledger(tmp_path / LEDGER_NAME)
    writer.append(events)
    writer.close()
    with (tmp_path / LEDGER_NAME).open("ab") as file:
        file.write(b'{"damaged": 1}\n{"at":1.0,"kind":"clip","torn')
    assert read_history(tmp_path) == history_of(events)


def test_a_made_clip_costs_no_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Ledger(tmp_path / LEDGER_NAME)
    writer.append(made(IDS[0], index, START + index, "general", "space") for index in range(30))
    writer.close()
    monkeypatch.setattr(histories, "decode", None)
    assert len(read_history(tmp_path).additions.times) == 60


def test_the_clock_of_a_history_is_that_of_the_state() -> None:
    events, state, elapsed = of_all_kinds(), RunState(), 0.0
    for number, event in enumerate(events, 1):
        state.apply(event)
        elapsed = max(elapsed, state.elapsed_seconds(event.at))
        assert history_of(events[:number]).work_seconds == elapsed


def test_a_long_reading_is_announced_and_a_short_one_is_not(
    config: JobConfig, ledger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert long_reading(ledger) == long_reading(ledger.with_name("none")) == ""
    monkeypatch.setattr(progress, "LONG_LEDGER_BYTES", 100)
    commands = (["report", "-o", str(ledger.with_name("r.html"))], ["stats"], ["sheet"])
    for command in commands:
        main([command[0], str(config.run.path), *command[1:]])
        assert capsys.readouterr().err.startswith("Reading ledger.jsonl, "), command


# ------------------------------------------------------------------ the command


def test_the_report_needs_neither_films_nor_ffmpeg(
    config: JobConfig, ledger: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    before = ledger.read_bytes()
    assert main(["report", str(config.run.path)]) == 0
    said = capsys.readouterr()
    assert "  GENERAL  14 of 30 images" in said.out
    assert "Target missed: GENERAL" not in said.out  # it can still be met
    assert "2 rejected: difference N, over N" in said.out
    assert display_name(HOSTILE) in said.out
    assert "finished after 2h 02m (exit code 3)" in said.out
    assert str(config.run.run_folder / "report.html") in said.err
    assert ledger.read_bytes() == before
    assert sorted(path.name for path in config.run.run_folder.iterdir()) == [LEDGER_NAME, "report.html"]


def test_the_page_shows_what_was_met_and_what_was_not(config: JobConfig, ledger: Path) -> None:
    assert ledger.exists()
    page_path = config.run.output / "my report.html"
    report.report(config, page_path=page_path, out=io.StringIO(), talk=io.StringIO())
    page = check_needs_nothing(page_path.read_text(encoding="utf-8"))
    assert "SPACE: met, 10 of 10 images." in page.text
    assert "GENERAL: 16 of 30 images still to make." in page.text
    assert "1 clip failed; the next run tries again." in page.text
    assert display_name(HOSTILE) in page.text
    assert "57.1 %" in page.text  # four of seven clips of the second film
    assert page.references == []
    assert not (config.run.run_folder / "report.html").exists()


def test_without_a_ledger_there_is_nothing_to_report(
    config: JobConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(config.run.path)]) == 2
    assert "nothing was made here yet" in capsys.readouterr().err


def test_a_place_that_takes_no_page_is_refused_with_a_remedy(config: JobConfig, ledger: Path) -> None:
    (config.run.run_folder / "report.html").mkdir()
    with pytest.raises(RefusedError, match="-o"):
        report.report(config, page_path=None, out=io.StringIO(), talk=io.StringIO())
    assert ledger.exists()


# ------------------------------------------------------------------ at the end of a run


def test_a_run_says_where_its_page_is(config: JobConfig, ledger: Path) -> None:
    state, _ = replay(ledger.parent)
    assert report.leave_page(config, state) == f"Report: {config.run.run_folder / 'report.html'}"
    check_needs_nothing((config.run.run_folder / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("x")]
)
def test_a_page_that_fails_is_only_said(
    config: JobConfig, ledger: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(report, "write_page", fail)
    state, _ = replay(ledger.parent)
    assert report.leave_page(config, state).startswith("No report: ")


@pytest.mark.parametrize("events", [[], [run_started(START)], two_runs()[:5]])
def test_a_run_that_made_little_has_a_report_too(config: JobConfig, events: list[ev.Durable]) -> None:
    write_ledger(config, events)
    out = io.StringIO()
    assert report.report(config, page_path=None, out=out, talk=io.StringIO()) == 0
    check_needs_nothing((config.run.run_folder / "report.html").read_text(encoding="utf-8"))
    assert "no end is recorded" in out.getvalue()
