"""A replay shows the run that the ledger records, at any of its times, and changes nothing."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.runs import text_of
from tui_gen.base.errors import RefusedError
from tui_gen.cli.main import main
from tui_gen.commands.recorded_run import RecordedRun
from tui_gen.commands.replay import Recording, ReplayController, _app, day_words, position_of
from tui_gen.contract.job import JobConfig
from tui_gen.contract.registry import read_config
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.model.work import Clip, Made, Patch, Rejected
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.storage import replayed_ledger
from tui_gen.engine.storage.ledger import Ledger
from tui_gen.engine.storage.ledger_codec import recount

START = 1_764_000_000.0  # Mon 24 Nov 2025 16:00 UTC
CLIPS = 100
IDS = ("aaaaaaaaaa", "bbbbbbbbbb")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have local time mean UTC."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def run_started(at: float, pid: int) -> ev.RunStarted:
    return ev.RunStarted(at, "superres", {"seed": 0}, "/etc/c.json", "/data", pid, "box", "1.2.3")


def made(source: str, index: int, at: float) -> ev.ClipEnded:
    return ev.ClipEnded(
        at, "extract", Made(Clip(source, index), (Patch("general", 1000, {"format": "tiny"}),), 1, 2.0)
    )


def recorded() -> list[ev.Durable]:
    """Return a run that made the first half, and twenty hours later one that made the second half."""
    later = START + 100 * 60 + 20 * 3600
    return [
        run_started(START, 1),
        ev.PhaseChanged(START, "running"),
        *(made(IDS[0], k, START + 60 * (k + 1)) for k in range(CLIPS)),
        ev.RunEnded(START + 6000, "stopped", 4, "as asked"),
        run_started(later, 2),
        ev.PhaseChanged(later, "running"),
        ev.ClipEnded(later + 5, "extract", Rejected(Clip(IDS[1], CLIPS), "blank picture", 3, 6.0)),
        *(made(IDS[1], k, later + 60 * (k + 1)) for k in range(CLIPS)),
        ev.RunEnded(later + 6000, "finished", 3),
    ]


@pytest.fixture
def config(tmp_path: Path) -> JobConfig:
    videos = [
        {
            "name": f"Video {source[0]}",
            "path": f"/nowhere/{source}.mkv",
            "id": source,
            "categories": {"general": 1.0},
        }
        for source in IDS
    ]
    settings = {
        "base_settings": {"output_base_dir": "out", "base_frame_limit": CLIPS},
        "category_targets": {"general": 2 * CLIPS},
        "videos": videos,
    }
    path = tmp_path / "generator_config.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    read = read_config(path)
    read.run.run_folder.mkdir(parents=True)
    ledger = Ledger(read.run.run_folder / LEDGER_NAME)
    ledger.append(recorded())
    ledger.close()
    return read


@pytest.fixture
def recording(config: JobConfig) -> Iterator[Recording]:
    found = Recording(config, None)
    yield found
    found.close()


def test_the_last_frame_is_the_state_of_the_finished_run(config: JobConfig, recording: Recording) -> None:
    moment = recording.frame(recording.times.seconds)
    frame, at = moment.state, moment.at
    expected = RecordedRun(config).state()
    assert expected is not None
    assert frame.copy() == expected.copy()
    assert at == expected.last_at
    assert frame.phase == "finished"


def test_a_frame_in_the_middle_shows_half(recording: Recording) -> None:
    frame = recording.frame(0.5 * recording.times.seconds)
    metrics = metrics_of(frame.state, frame.now)
    assert metrics.total.images == CLIPS
    assert metrics.share_done == pytest.approx(0.5)
    assert (metrics.videos.done, metrics.videos.left) == (1, 1)


def test_the_beginning_has_nothing_and_the_plan_of_all(recording: Recording) -> None:
    metrics = metrics_of(recording.frame(0.0).state, START)
    assert (metrics.total.images, metrics.source_clips_wanted) == (0, 2 * CLIPS)


def test_a_state_does_not_depend_on_the_way_there(recording: Recording) -> None:
    seconds = recording.times.seconds
    places = [0.3, 0.9, 0.1, 0.5, 0.0, 1.0, 0.7]
    there = {place: recording.frame(place * seconds) for place in sorted(places)}
    for place in places:
        assert recording.frame(place * seconds) == there[place]


def test_a_night_without_an_engine_takes_a_second(recording: Recording) -> None:
    times = recording.times
    assert times.seconds == pytest.approx(60)
    assert times.replayed_at(6000 + 20 * 3600) - times.replayed_at(6000) == pytest.approx(1)
    assert times.recorded_at(times.replayed_at(7000)) == pytest.approx(7000)


def test_work_does_not_count_while_no_engine_runs_after_a_crash(config: JobConfig) -> None:
    path = config.run.run_folder / LEDGER_NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"as asked"' not in line))
    recording = Recording(config, None)
    frame = recording.frame(0.5 * recording.times.seconds)
    assert not frame.has_engine
    assert frame.at > START + 8 * 3600
    assert metrics_of(frame.state, frame.now).elapsed_seconds == pytest.approx(6000)
    recording.close()


def test_a_step_of_the_clock_takes_no_time(config: JobConfig) -> None:
    ledger = Ledger(config.run.run_folder / LEDGER_NAME)
    end = recorded()[-1].at
    ledger.append(
        [run_started(end + 1, 3), ev.ClockStepped(end + 1e6, 1e6), ev.RunEnded(end + 1e6 + 9, "stopped", 4)]
    )
    ledger.close()
    recording = Recording(config, 100.0)
    assert recording.times.recorded[-1] == pytest.approx(end - START + 10)
    recording.close()


def test_a_speed_is_kept(config: JobConfig) -> None:
    recording = Recording(config, 1200.0)
    assert recording.times.seconds == pytest.approx(12_000 / 1200 + 1)
    recording.close()


def test_lines_of_an_engine_at_work_are_no_part_of_the_replay(
    config: JobConfig, recording: Recording
) -> None:
    before = recording.frame(recording.times.seconds)
    ledger = Ledger(config.run.run_folder / LEDGER_NAME)
    ledger.append([run_started(START + 1e6, 9)])
    ledger.close()
    assert recording.frame(recording.times.seconds) == before


def test_a_damaged_line_is_left_out_and_counted(config: JobConfig) -> None:
    path = config.run.run_folder / LEDGER_NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:10], b"{broken\n", *lines[11:], b'{"torn']))
    recording = Recording(config, None)
    assert recording.damage == 1
    frame = recording.frame(recording.times.seconds)
    assert metrics_of(frame.state, frame.now).total.images == 2 * CLIPS - 1
    recording.close()


@pytest.mark.parametrize(
    ("text", "replayed"),
    [("0%", 0.0), ("50 %", 30.0), ("100%", 60.0), ("day 1 16:00", 0.0), ("9 00:00", 60.0)],
)
def test_a_moment_is_found(recording: Recording, text: str, replayed: float) -> None:
    assert position_of(text, recording) == pytest.approx(replayed)


@pytest.mark.parametrize("text", ["soon", "day 1 25:00", "-1%"])
def test_what_is_no_moment_is_refused(recording: Recording, text: str) -> None:
    with pytest.raises(RefusedError, match="not a time of the run"):
        position_of(text, recording)


def test_the_first_day_is_day_one_and_the_next_begins_at_midnight() -> None:
    assert day_words(START + 60, START) == "day 1 16:01"
    assert day_words(START + 8 * 3600, START) == "day 2 00:00"


# ---------------------------------------------------------------------- the command


def test_one_moment_is_written_as_a_picture_and_nothing_else_changes(
    config: JobConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "half.svg"
    before = {path: path.stat().st_mtime_ns for path in config.run.output.rglob("*")}
    code = main(["replay", str(config.run.path), "--svg", str(picture), "--at", "50%", "--size", "100x30"])
    assert (code, capsys.readouterr().out) == (0, f"{picture}\n")
    drawn = picture.read_text(encoding="utf-8")
    assert "url(http" not in drawn  # nothing is loaded from elsewhere
    for words in ("REPLAY", "50.0", "no&#160;engine"):
        assert words in drawn
    assert {path: path.stat().st_mtime_ns for path in config.run.output.rglob("*")} == before


def test_the_picture_of_the_end_has_the_course_and_the_next_commands(
    config: JobConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "end.svg"
    assert main(["replay", str(config.run.path), "--svg", str(picture)]) == 0
    assert capsys.readouterr().err == ""
    drawn = picture.read_text(encoding="utf-8")
    for words in ("1&#160;hour&#160;a&#160;bar", "tui-gen&#160;verify"):
        assert words in drawn


@pytest.mark.parametrize("is_empty", [True, False])
def test_without_a_run_there_is_no_replay(
    config: JobConfig, capsys: pytest.CaptureFixture[str], tmp_path: Path, *, is_empty: bool
) -> None:
    path = config.run.run_folder / LEDGER_NAME
    if is_empty:
        path.write_bytes(b"")
    else:
        path.unlink()
    assert main(["replay", str(config.run.path), "--svg", str(tmp_path / "x.svg")]) == 2
    assert "no run is recorded here" in capsys.readouterr().err


def test_without_a_terminal_a_replay_says_what_can_be_done(
    config: JobConfig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert main(["replay", str(config.run.path)]) == 2
    assert "--svg FILE" in capsys.readouterr().err


# ---------------------------------------------------------------------- the screen


async def test_keys_move_the_time_of_the_replay(config: JobConfig, recording: Recording) -> None:
    now = [0.0]
    controller = ReplayController(recording, lambda: now[0])
    app = _app(config, controller, is_ascii=False)
    async with app.run_test(size=(120, 36)) as pilot:

        async def pressed(key: str) -> float:
            await pilot.press(key)
            return controller.position

        await pilot.press("space")
        assert await pressed("right") == pytest.approx(0.6)
        assert await pressed("pagedown") == pytest.approx(6.6)
        assert await pressed("left") == pytest.approx(6.0)
        assert await pressed("pageup") == pytest.approx(0.0)
        assert await pressed("end") == pytest.approx(60.0)
        assert await pressed("home") == pytest.approx(0.0)
        now[0] += 5
        assert controller.position == 0.0  # it stands still
        await pilot.press("space")
        now[0] += 5
        assert controller.position == pytest.approx(5.0)


async def test_the_end_of_a_replay_is_the_end_page_and_no_key_steers(
    config: JobConfig, recording: Recording
) -> None:
    controller = ReplayController(recording, lambda: 0.0)
    app = _app(config, controller, is_ascii=False)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("end")
        for _ in range(500):
            await pilot.pause(0.01)
            if "2 Result" in text_of(app):
                break
        await app.workers.wait_for_complete()
        await pilot.pause()
        end = text_of(app)
        await pilot.press("w")
        await pilot.pause()
        answered = text_of(app)
        await pilot.press("left")
        for _ in range(500):
            await pilot.pause(0.01)
            if "2 Now" in text_of(app):
                break
        before = text_of(app)
        await pilot.press("end", "q")
    assert app.return_code == 0  # not that of the run
    assert "REPLAY  day" in end
    assert "200 of 200, 100.0 %" in end
    assert "tui-gen sheet" in end
    assert "it only shows the run" in answered
    assert "the ledger does not record what workers do" in before


def test_a_long_ledger_is_not_read_again_from_its_beginning(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording.frame(recording.times.seconds)
    read = list[bytes]()
    real = recount

    def counted(line: bytes) -> object:
        read.append(line)
        return real(line)

    monkeypatch.setattr(replayed_ledger, "recount", counted)
    recording.frame(0.9 * recording.times.seconds)
    assert len(read) <= len(recorded()) / replayed_ledger.PARTS + 2
