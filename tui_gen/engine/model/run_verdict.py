"""States the most important fact about a run in one line, with the key of the screen that helps. Pure.

    dead, silent ─> disk ─> unreachable ─> waiting ─> stalled ─> machines ─> failing source ─> paused
                 ─> disk full later ─> targets ─> errors ─> well

The first that holds is the verdict. After the end of a run it says how the run ended.
Invariant: all views, the status file and the hooks show this line; no other module judges a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tui_gen.base.formatting import count, duration, moment, size
from tui_gen.engine.model.machine_events import NO_MACHINE
from tui_gen.engine.model.machine_metrics import in_trouble, machines_of, phase_words
from tui_gen.engine.model.metrics import Metrics, images_to_come, listed
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES, SourceState
from tui_gen.engine.model.streaks import Streak
from tui_gen.engine.model.work import DATASET

Kind = Literal[
    "dead",
    "silent",
    "disk",
    "unreachable",
    "waiting",
    "stalled",
    "machines",
    "failing",
    "paused",
    "disk later",
    "targets",
    "errors",
    "starting",
    "well",
    "ended",
]
Level = Literal["good", "note", "warning", "error"]

STREAK_CLIPS = 12
"""Fewer clips without a patch in a row are no sign of anything."""
STREAK_EXPECTED = 9.0
"""A streak counts if usually so many of its clips had given something. If clips are independent of each
other, the probability of such a streak is e^-9 at most."""
ONE_SOURCE = 0.8
"""A streak is that of one source if this share of its clips is."""
STALL_SECONDS = 180.0
"""The least time without a patch, with workers at work."""
SILENCE_SECONDS, UNKNOWN_SILENCE_SECONDS = 300.0, 900.0
"""The least time without an ended clip; the second before the usual time of a clip is known."""
SILENT_CLIPS = 20
"""So many times the usual time between two clips pass before their absence counts."""
SOON_SECONDS = 3600.0
"""A disk that is full within this time is as urgent as one that is low."""

_DEFAULT_KEYS = {
    "restart": "a",
    "skip": "s",
    "pause": "space",
    "log": "l",
    "room-1": "1",
    "room-4": "4",
    "room-6": "6",
    "room-7": "7",
}
"""Action of the screen -> its key, unless a keymap changes it."""


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """The most important fact about a run."""

    kind: Kind
    level: Level
    fact: str
    subject: str = ""  # the name of a source: untrusted text
    source: str | None = None
    action: str = ""  # id of an action of the screen
    advice: str = ""  # what its key does, or what else helps
    cost: str = ""  # of following the advice
    short: str = ""  # the fact in fewer words, for narrow screens

    def advice_with(self, key: str | None = None) -> str:
        """Return the advice, with the key of the action."""
        key = key or _DEFAULT_KEYS.get(self.action, "")
        return f"{key} {self.advice}".strip()

    def text(self, key: str | None = None) -> str:
        """Return `Cleo: last 24 clips: damaged data, 0 patches for 4 min. s skips it, costs 112 images`."""
        fact = f"{self.subject}: {self.fact}" if self.subject else self.fact
        advice = ", ".join(filter(None, (self.advice_with(key), self.cost)))
        return f"{fact}. {advice}" if advice else fact

    @property
    def is_steering(self) -> bool:
        """Whether the key changes the run, which a screen that only watches cannot do."""
        return self.action in {"restart", "skip", "pause"}

    @property
    def is_news(self) -> bool:
        """Whether nothing else notes it as a problem."""
        return self.kind in {"stalled", "failing"}


@dataclass(frozen=True, slots=True)
class EngineSigns:
    """What a view knows about the engine besides the state of the run."""

    is_gone: bool = False
    silent_seconds: float | None = None  # since its last sign, if that is too long


HERE = EngineSigns()
"""An engine that answers."""


def run_verdict(state: RunState, metrics: Metrics, now: float, engine: EngineSigns = HERE) -> RunVerdict:
    """Return the verdict on a state at a time in seconds since the epoch, with its metrics at that time."""
    if engine.is_gone:
        short = "The engine is gone"
        fact = f"{short}; what it finished is safe"
        return RunVerdict("dead", "error", fact, action="restart", advice="starts it again", short=short)
    if state.phase in ENDED_PHASES:
        return _ended(state, metrics)
    if engine.silent_seconds is not None:
        fact = f"No sign of the engine for {duration(engine.silent_seconds)}"
        return RunVerdict("silent", "warning", fact, advice="The numbers are of that time")
    found = next(filter(None, _candidates(state, metrics, now)), None)
    if found is not None:
        return found
    if not metrics.has_plan:
        return RunVerdict("starting", "note", f"Looking at the {state.nouns.source.many}, no plan yet")
    return RunVerdict("well", "good", "All well")


def verdict_json(verdict: RunVerdict) -> dict[str, Any]:
    """Return a verdict as plain JSON values, for the status file and the hooks."""
    return {
        "kind": verdict.kind,
        "level": verdict.level,
        "text": verdict.text(),
        "source": verdict.source,
        "action": verdict.action or None,
    }


def _candidates(state: RunState, metrics: Metrics, now: float) -> Iterator[RunVerdict | None]:
    """Yield the facts of a run that has not ended, the most important first."""
    yield _disk(state, metrics, now)
    yield _unreachable(state)
    yield _no_machine(state, now)
    yield _waiting(state)
    yield _stalled(state, metrics)
    yield _machines(state, now)
    yield _failing(state, metrics)
    yield _paused(state)
    yield _disk_later(state, metrics, now)
    yield _targets(state, metrics)
    yield _errors(metrics)


# ------------------------------------------------------------------ what holds the work


def _disk(state: RunState, metrics: Metrics, now: float) -> RunVerdict | None:
    disk = state.disk
    if disk is None:
        return None
    if metrics.is_disk_low:
        fact = f"The disk is low: {size(disk.free_bytes)} free"
        advice = f"The work waits until more than {size(disk.pauses_below_bytes)} are free"
        return RunVerdict("disk", "error", fact, advice=advice)
    left = metrics.seconds_until_disk_full
    return _disk_full("disk", state, left, now) if left is not None and left < SOON_SECONDS else None


def _disk_later(state: RunState, metrics: Metrics, now: float) -> RunVerdict | None:
    left = metrics.seconds_until_disk_full
    return _disk_full("disk later", state, left, now) if left is not None else None


def _disk_full(kind: Kind, state: RunState, seconds: float, now: float) -> RunVerdict:
    works = state.phase in {"running", "draining"}
    when = moment(now + seconds, now) if works else f"in {duration(seconds)} of work"
    fact = f"The disk will be full {when}, before the end"
    return RunVerdict(kind, "warning", fact, action="room-4", advice="shows the disk")


def _unreachable(state: RunState) -> RunVerdict | None:
    away = [source for source in listed(state) if source.unreachable is not None]
    if not away:
        return None
    noun, first = state.nouns.source, away[0]
    level: Level = "error" if state.phase == "waiting" else "warning"
    subject = first.name if len(away) == 1 else ""
    many = "" if subject else f"{noun.counted(len(away))} "
    advice = "The work goes on when they are back" if state.phase == "waiting" else "The others go on"
    fact = f"{many}cannot be reached, {first.unreachable}"
    return RunVerdict("unreachable", level, fact, subject, first.id if subject else None, advice=advice)


def _no_machine(state: RunState, now: float) -> RunVerdict | None:
    """Return that no machine can take work, with the reason of one of them."""
    if state.phase != "waiting" or state.reason != NO_MACHINE:
        return None
    met, short = machines_of(state), "No machine can take work"
    if not met:
        advice = "The work begins when a machine comes"
        return RunVerdict("waiting", "warning", "No machine is there", advice=advice)
    troubled = in_trouble(state) or met
    fact = f"{short}: {troubled[0].name} {phase_words(troubled[0], now)}{_more_machines(len(troubled) - 1)}"
    level: Level = "error" if len(troubled) == len(met) else "warning"
    return RunVerdict("waiting", level, fact, action="room-7", advice="shows the machines", short=short)


def _machines(state: RunState, now: float) -> RunVerdict | None:
    """Return which machine is refused, lost or silent, while others work."""
    troubled = in_trouble(state)
    if not troubled:
        return None
    first, more = troubled[0], _more_machines(len(troubled) - 1)
    return RunVerdict(
        kind="machines",
        level="warning",
        fact=f"{first.name} {phase_words(first, now)}{more}",
        action="room-7",
        advice="shows the machines",
        short=f"{first.name} {first.phase}{more}",
    )


def _more_machines(number: int) -> str:
    if not number:
        return ""
    return f", and {number} more machine{' is' if number == 1 else 's are'} out"


def _waiting(state: RunState) -> RunVerdict | None:
    if state.phase != "waiting":
        return None
    why = f": {state.reason}" if state.reason else ""
    return RunVerdict("waiting", "warning", f"The work waits{why}")


def _paused(state: RunState) -> RunVerdict | None:
    if not state.is_paused:
        return None
    return RunVerdict("paused", "note", "Paused by hand", action="pause", advice="goes on")


# ------------------------------------------------------------------ work that gives nothing


def _stalled(state: RunState, metrics: Metrics) -> RunVerdict | None:
    workers = sum(slot.source != DATASET for slot in state.slots.values())  # a dataset may be one long clip
    if state.phase != "running" or not workers:
        return None
    elapsed = metrics.elapsed_seconds
    quiet = elapsed - state.last_end_seconds
    if quiet >= _silence_that_counts(state, elapsed):
        at_work = f"{workers} worker{'' if workers == 1 else 's'}"
        short = f"Stalled: no {state.nouns.clip.one} ended for {_minutes(quiet)}"
        fact = f"{short}, with {at_work}"
        return RunVerdict("stalled", "error", fact, action="log", advice="shows the log", short=short)
    streak = state.streak
    is_long = elapsed - streak.began_seconds >= STALL_SECONDS
    if not is_long or not _is_no_chance(streak, state.clips_made, state.clips_ended):
        return None
    if any(source.streak.clips >= ONE_SOURCE * streak.clips for source in state.sources.values()):
        return None  # one source fails, or usually gives less than the others
    fact = f"Stalled: {_streak_words(streak, state, elapsed)}"
    short = f"Stalled: {fact.rpartition(', ')[2]}"
    return RunVerdict("stalled", "error", fact, action="room-6", advice="lists the problems", short=short)


def _silence_that_counts(state: RunState, elapsed: float) -> float:
    """Return the seconds of work without an ended clip that are no usual time of a clip."""
    if state.clips_ended < SILENT_CLIPS:
        return UNKNOWN_SILENCE_SECONDS
    return max(SILENCE_SECONDS, SILENT_CLIPS * elapsed / state.clips_ended)


def _failing(state: RunState, metrics: Metrics) -> RunVerdict | None:
    failing = [source for source in listed(state) if source.clips_left and _is_failing(source, state)]
    if not failing:
        return None
    worst = max(failing, key=lambda source: source.streak.clips)
    come = images_to_come(worst)
    images = sum(number for name, number in come.items() if state.nouns.is_image(name))
    return RunVerdict(
        kind="failing",
        level="warning",
        fact=_streak_words(worst.streak, state, metrics.elapsed_seconds),
        short=f"only {worst.streak.reason}",
        subject=worst.name,
        source=worst.id,
        action="skip",
        advice="skips it",
        cost=f"costs {state.nouns.image.counted(images)}",
    )


def _is_failing(source: SourceState, state: RunState) -> bool:
    if source.phase not in {"working", "queued"}:
        return False
    known = source if source.ended - source.streak.clips >= STREAK_CLIPS else None
    made, ended = (known.made, known.ended) if known else (state.clips_made, state.clips_ended)
    return _is_no_chance(source.streak, made, ended)


def _is_no_chance(streak: Streak, made: int, ended: int) -> bool:
    """Return True if the usual share of clips that give a patch does not explain the streak.

    `made` and `ended` are counted with the streak.
    """
    before = ended - streak.clips
    share = made / before if before > 0 else 0.0
    least = STREAK_EXPECTED / share if share else 2.0 * STREAK_CLIPS
    return streak.clips >= max(STREAK_CLIPS, math.ceil(least))


def _streak_words(streak: Streak, state: RunState, elapsed: float) -> str:
    """Return `last 24 clips: damaged data, 0 patches for 4 min`."""
    nouns, reason = state.nouns, streak.reason
    mostly = "" if len(streak.reasons) == 1 else "mostly "
    seconds = elapsed - streak.began_seconds
    none = f"0 {nouns.patch.many} for {_minutes(seconds)}"
    return f"last {nouns.clip.counted(streak.clips)}: {mostly}{reason}, {none}"


def _minutes(seconds: float) -> str:
    """Return `4 min`: seconds would change the line each second."""
    hour = 3600.0
    if seconds >= 2 * hour:
        return f"{int(seconds // hour)} h"
    return f"{max(1, int(seconds // 60))} min"


# ------------------------------------------------------------------ what the end will be


def _targets(state: RunState, metrics: Metrics) -> RunVerdict | None:
    fact = _shortfall(state, metrics)
    if not fact:
        return None
    short = sum(each.shortfall > 0 for each in metrics.categories.values())
    few = f"{short} target{'' if short == 1 else 's'} will be missed"
    return RunVerdict("targets", "warning", fact, action="room-1", advice="shows the categories", short=few)


def _shortfall(state: RunState, metrics: Metrics) -> str:
    """Return `SPACE misses its target by 412 images, 2 more miss theirs`; empty if all targets are met."""
    short = sorted(
        (each for each in metrics.categories.values() if each.shortfall), key=lambda each: -each.shortfall
    )
    if not short:
        return ""
    worst, more = short[0], len(short) - 1
    noun = state.nouns.image if worst.is_of_images else state.nouns.patch
    words = f"{worst.name.upper()} misses its target by {noun.counted(worst.shortfall)}"
    return f"{words}, {more} more miss{'es its target' if more == 1 else ' their targets'}" if more else words


def _errors(metrics: Metrics) -> RunVerdict | None:
    errors = metrics.problems.errors
    if not errors:
        return None
    fact = f"{errors} error{'' if errors == 1 else 's'}, the rest goes on"
    return RunVerdict("errors", "warning", fact, action="room-6", advice="lists the problems")


def _ended(state: RunState, metrics: Metrics) -> RunVerdict:
    noun, videos = state.nouns.source, metrics.videos
    done = f"{count(videos.done)} of {noun.counted(videos.total)} done"
    again = {"action": "restart", "advice": "starts it again"}
    if state.phase == "failed":
        return RunVerdict("ended", "error", f"Failed: {state.reason}", **again)
    if state.phase == "stopped":
        return RunVerdict("ended", "note", f"Stopped: {done}", **again)
    if not state.exit_code:
        return RunVerdict("ended", "good", f"Finished: {done}")
    gaps = list(_gaps(state, metrics)) or [done]
    fact, short = f"Finished with gaps: {', '.join(gaps)}", f"Finished with gaps: {gaps[-1]}"
    return RunVerdict("ended", "warning", fact, short=short, **again)


def _gaps(state: RunState, metrics: Metrics) -> Iterator[str]:
    if words := _shortfall(state, metrics):
        yield words
    if state.clips_failed:
        yield f"{state.nouns.clip.counted(state.clips_failed)} failed"
    hindered = sum(bool(source.reason) and not source.is_skipped for source in listed(state))
    if hindered:
        yield f"{state.nouns.source.counted(hindered)} left out"
