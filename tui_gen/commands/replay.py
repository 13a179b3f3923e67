"""`tui-gen replay`: a recorded run as the screen showed it, from its ledger. It only reads.

    ledger ── ReplayedLedger ──> state at a time ── with the plan of the end ──> the screen of the run

It takes no lock and starts no engine, so it may run beside an engine. The ledger records no plans: the plan
is that of the configuration with all that the whole ledger knows, less the clips that were not made yet.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import count, display_name
from tui_gen.base.html import write_page
from tui_gen.commands.run_end import end_of
from tui_gen.commands.screen import preview_of, set_letters
from tui_gen.contract.job import JobConfig
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.play_time import PlayTime, play_time
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.work import Plan, SourcePlan
from tui_gen.engine.run.session import LEDGER_NAME
from tui_gen.engine.scheduling.commands import Command, CommandRefusedError
from tui_gen.engine.storage.replayed_ledger import ReplayedLedger
from tui_gen.tui.replay import WATCHED, ReplayApp
from tui_gen.tui.terminal.session import run_screen
from tui_gen.tui.view import EngineInfo
from tui_gen.views.text.progress import say_long_reading

_LOOK_SECONDS = 0.2
_DAY_SECONDS = 86400.0
# Rich's pictures name a font on another machine; without it they are drawn in the reader's own.
_FONT_FACES = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_OF_DAY = re.compile(r"(?:day )?(\d+) (\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """The arguments of a replay."""

    speed: float | None = None  # seconds of the run in a second; None: the whole run in a minute
    picture: Path | None = None  # write one frame, and open no screen
    at: str = "100%"  # of that frame
    size: tuple[int, int] = (120, 36)  # of that frame: columns, lines
    is_ascii: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment of a recorded run."""

    state: RunState
    at: float  # wall time
    has_engine: bool  # False in a long time without an engine, between two runs

    @property
    def now(self) -> float:
        """The wall time up to which work counts: it stands still while no engine runs."""
        return self.at if self.has_engine else min(self.at, self.state.last_at)


class Recording:
    """A recorded run at any time of its replay."""

    def __init__(self, config: JobConfig, speed: float | None) -> None:
        """Read the ledger and plan by it. Raises RefusedError."""
        path = config.run.run_folder / LEDGER_NAME
        try:
            self._ledger = ReplayedLedger(path)
        except OSError as error:
            message = f"{path}: cannot be read ({error.strerror}): no run is recorded here"
            raise RefusedError(message) from error
        end = self._ledger.end
        if end.started_at is None:
            self._ledger.close()
            message = f"{path}: no run is recorded here yet"
            raise RefusedError(message)
        self._nouns, self._plan, self.warning = config.nouns, Plan((), {}), ""
        self._stage = ""
        try:
            if config.capabilities.planner is not None:
                planned = config.capabilities.planner.expected(end.records, end.worked_until)
                self._stage, self._plan = planned.stage, planned.plan
        except RefusedError as error:  # the configuration was changed: what was made is still known
            self.warning = str(error)
        self._end_clips = {name: record.clips_made for name, record in end.records.items()}
        self._found_unusable = {name for name, record in end.records.items() if record.unusable is not None}
        self.times: PlayTime = play_time(self._ledger.seconds, self._ledger.gaps, speed)
        self.began_at = self._ledger.state_at(0.0)[1]
        self.damage = self._ledger.damage

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()

    def frame(self, replayed: float) -> Frame:
        """Return the moment at a time of the replay. Raises OSError."""
        recorded = self.times.recorded_at(replayed)
        state, at = self._ledger.state_at(recorded)
        has_engine = not any(gap.start < recorded < gap.end for gap in self._ledger.gaps)
        picture = state.copy()
        moment = state.worked_until
        picture.apply(ev.JobDescribed(moment, self._nouns))
        if self._plan.sources:
            plan = self._plan
            if replayed < self.times.seconds:
                plan = replace(plan, sources=tuple(self._then(each, state) for each in plan.sources))
            picture.apply(ev.StagePlanned(moment, self._stage, plan))
        if self.warning:
            picture.apply(ev.ProblemNoted(moment, "warning", self.warning))
        return Frame(picture, at, has_engine)

    def _then(self, plan: SourcePlan, state: RunState) -> SourcePlan:
        """Return the plan of a source as the given state makes it: what is not made yet is left."""
        record, wanted = state.records.get(plan.source), plan.clips_made + plan.clips_left
        now = record.clips_made if record is not None else 0
        made = max(0, min(wanted, plan.clips_made - self._end_clips.get(plan.source, 0) + now))
        unusable = plan.unusable
        if plan.source in self._found_unusable:
            unusable = record.unusable if record is not None else None
        return replace(plan, clips_made=made, clips_left=wanted - made, unusable=unusable)


class ReplayController:
    """A controller whose state is that of a recorded run; reading takes place off the event loop."""

    def __init__(self, recording: Recording, steady: Callable[[], float] = time.monotonic) -> None:
        """Begin at the beginning; the first look starts the time and must be made in a running loop."""
        self._recording, self._steady = recording, steady
        self._task: asyncio.Task[None] | None = None
        self._position = 0.0  # when the time began to run last
        self._since: float | None = None  # by the clock; None: the time stands still
        self._state: RunState | None = None
        self._info = EngineInfo(reach="none", replay="reading the ledger")
        self._shown: tuple[float, bool] | None = None
        self._show: Callable[[], None] = lambda: None
        self._is_hurried = asyncio.Event()
        self._is_still = False  # only one moment is shown

    @property
    def position(self) -> float:
        """The time of the replay in seconds."""
        ran = 0.0 if self._since is None else self._steady() - self._since
        return min(self._recording.times.seconds, self._position + ran)

    def snapshot(self) -> RunState | None:
        """Return the last state that was read."""
        if self._task is None and not self._is_still:
            self.play()
            self._task = asyncio.get_running_loop().create_task(self._follow(), name="replay")
        return self._state

    def engine_info(self) -> EngineInfo:
        """Return the time and the speed of the replay."""
        return self._info

    async def steer(self, command: Command) -> str:
        """Refuse. Raises CommandRefusedError."""
        message = f"{WATCHED} ({type(command).__name__})"
        raise CommandRefusedError(message)

    def follow(self, show: Callable[[], None]) -> None:
        """Call back when another moment can be shown."""
        self._show = show

    # ------------------------------------------------------------------ moving

    def play(self) -> None:
        """Let the time run."""
        self._since = self._steady()

    def toggle(self) -> None:
        """Stop the time, or let it go on; at the end, begin again."""
        position = self.position
        if self._since is not None and position < self._recording.times.seconds:
            self._position, self._since = position, None
        else:
            self._position = 0.0 if position >= self._recording.times.seconds else position
            self.play()
        self._is_hurried.set()

    def seek(self, percent: float) -> None:
        """Move by a share of the whole replay."""
        whole = self._recording.times.seconds
        self._position = max(0.0, min(whole, self.position + percent / 100 * whole))
        if self._since is not None:
            self.play()
        self._is_hurried.set()

    async def show_at(self, position: float) -> None:
        """Read the state at a time of the replay, and stay there."""
        self._position, self._since, self._is_still = position, None, True
        await self._read()

    async def _follow(self) -> None:
        while True:
            self._is_hurried.clear()
            if (self.position, self._since is not None) != self._shown:
                await self._read()
                self._show()
            try:
                await asyncio.wait_for(self._is_hurried.wait(), _LOOK_SECONDS)
            except TimeoutError:
                continue

    async def _read(self) -> None:
        position, is_running = self.position, self._since is not None
        try:
            frame = await detached_call(lambda: self._recording.frame(position))
        except OSError as error:
            self._info = replace(self._info, replay=f"the ledger cannot be read ({error.strerror})")
            return
        is_over = position >= self._recording.times.seconds
        times, began = self._recording.times, self._recording.began_at
        words = f"{day_words(frame.at, began)}  x{_speed(times.speed)}"
        phase = frame.state.phase if frame.has_engine else "no engine"
        paused = "" if is_running or is_over or self._is_still else "  paused"
        self._state, self._shown = frame.state, (position, is_running)
        words = f"{words}{paused}  {phase}"
        self._info = EngineInfo(reach="none", now=frame.now, replay=words, is_replay_over=is_over)


def day_words(at: float, began_at: float) -> str:
    """Return `day 2 14:03`: the first day is that of the beginning, in local time."""
    now, first = datetime.fromtimestamp(at), datetime.fromtimestamp(began_at)  # noqa: DTZ006 - as people see
    return f"day {(now.date() - first.date()).days + 1} {now:%H:%M}"


def _speed(speed: float) -> str:
    least_whole = 10.0
    return f"{speed:.0f}" if speed >= least_whole else f"{speed:.1f}".removesuffix(".0")


def position_of(text: str, recording: Recording) -> float:
    """Return the time of the replay for `40%`, `day 2 14:03` or `2026-11-24 14:03`. Raises RefusedError."""
    times, began = recording.times, datetime.fromtimestamp(recording.began_at)  # noqa: DTZ006 - local time
    if (share := _SHARE.fullmatch(text)) is not None:
        return min(1.0, float(share[1]) / 100) * times.seconds
    try:
        if (of_day := _OF_DAY.fullmatch(text)) is not None:
            day = began.replace(hour=int(of_day[2]), minute=int(of_day[3]), second=0, microsecond=0)
            at = day.timestamp() + (int(of_day[1]) - 1) * _DAY_SECONDS
        else:
            at = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        message = f'--at {text}: not a time of the run; write 40%, "day 2 14:03" or "2026-11-24 14:03"'
        raise RefusedError(message) from error
    return times.replayed_at(max(0.0, at - recording.began_at))


def replay(config: JobConfig, request: ReplayRequest) -> int:
    """Show the replay, or write one frame as a picture; return the exit code. Raises RefusedError."""
    say_long_reading(config.run.run_folder / LEDGER_NAME, sys.stderr)
    recording = Recording(config, request.speed)
    if recording.damage:
        sys.stderr.write(f"{count(recording.damage)} damaged lines of the ledger are left out\n")
    try:
        if request.picture is None:
            return run_screen(_app(config, ReplayController(recording), is_ascii=request.is_ascii))
        position = position_of(request.at, recording)
        drawn = asyncio.run(_drawn(config, recording, position, request.size))
    finally:
        recording.close()
    try:
        write_page(request.picture, drawn)
    except OSError as error:
        message = f"{request.picture}: cannot be written ({error.strerror})"
        raise RefusedError(message) from error
    sys.stdout.write(f"{display_name(str(request.picture))}\n")
    return ExitCode.DONE


def _app(config: JobConfig, controller: ReplayController, *, is_ascii: bool) -> ReplayApp:
    app = ReplayApp(
        controller,
        keymap=config.run.keymap,
        preview=preview_of(config),
        nouns=config.nouns,
        end_of=partial(end_of, config),
    )
    set_letters(app, is_ascii=is_ascii)
    return app


async def _drawn(config: JobConfig, recording: Recording, position: float, size: tuple[int, int]) -> str:
    """Return the screen at a time of the replay as a picture, drawn without a terminal."""
    controller = ReplayController(recording)
    await controller.show_at(position)
    app = _app(config, controller, is_ascii=False)
    async with app.run_test(size=size) as pilot:
        app.poll()  # begins to read the course, at the end of a run
        await app.workers.wait_for_complete()
        await pilot.pause()
        return _FONT_FACES.sub("", app.export_screenshot(title="tui-gen replay"))
