"""A run as lines of text: the headless view, with the same state as the screen.

This module only formats. It makes untrusted names printable by `display_name`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tui_gen.base.console_output import TextSink
from tui_gen.base.formatting import count, display_name, duration, moment, per_minute, percent, position, size
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.metrics import (
    Checkpoints,
    image_categories,
    images_of,
    metrics_of,
)
from tui_gen.engine.model.run_verdict import HERE, EngineSigns, run_verdict
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES
from tui_gen.engine.model.work import DATASET, Clip, Made
from tui_gen.engine.scheduling.commands import Controller
from tui_gen.engine.storage.status import status_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
LINE_SECONDS = 5.0


@dataclass(slots=True)
class Reporter:
    """Writes new events of the state, and a progress line every few seconds."""

    controller: Controller
    out: TextSink  # for the report
    err: TextSink  # for warnings and errors
    clock: Callable[[], float]  # wall time
    is_verbose: bool = False
    is_json: bool = False
    told: int = 0  # number of the last event that was written
    steady: Callable[[], float] = time.monotonic  # without steps of the wall clock
    _line_at: float = float("-inf")
    _judged: tuple[str, str | None] = ("starting", None)
    _phase: str = ""

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Write the events since the last call."""
        state = self.controller.snapshot()
        if state is None:
            return
        self._write_news(state)
        ran = self.steady()
        if ran - self._line_at >= LINE_SECONDS and state.stage:
            self._line_at, now = ran, self.clock()
            text = json.dumps(status_of(state, now)) if self.is_json else progress_line(state, now)
            self.out.write(f"{text}\n")
            if not self.is_json:
                self._write_verdict(state, now)
            self.out.flush()

    def _write_verdict(self, state: RunState, now: float) -> None:
        """Write the verdict if it is not that of the last line; its numbers alone are no reason."""
        verdict = run_verdict(state, metrics_of(state, now), now)
        judged = verdict.kind, verdict.source
        if judged != self._judged and state.phase not in ENDED_PHASES:  # the statistics tell of the end
            self.out.write(f"{display_name(verdict.text())}\n")
            self._judged = judged

    def _write_news(self, state: RunState) -> None:
        if (state.phase, state.reason) != self._phase_key and state.phase in {
            "paused",
            "waiting",
            "draining",
        }:
            self.err.write(f"{state.phase}{': ' + display_name(state.reason) if state.reason else ''}\n")
        self._phase = f"{state.phase}\n{state.reason}"
        for number, event in state.recent:
            if number <= self.told:
                continue
            self.told = number
            if isinstance(event, ev.ProblemNoted):
                log.warning("%s", " | ".join(problem_lines(event, state)))
                self.err.writelines(f"{line}\n" for line in problem_lines(event, state))
            elif self.is_verbose and not self.is_json:
                self.out.writelines(f"{line}\n" for line in feed_lines(event, state))
        self.err.flush()

    @property
    def _phase_key(self) -> tuple[str, str]:
        phase, _, reason = self._phase.partition("\n")
        return phase, reason


def progress_line(state: RunState, now: float) -> str:
    """Return `12:30:05  36.2 % of clips  42/116 videos  18,456 images  412/min  2d 14h left ...`."""
    metrics = metrics_of(state, now)
    done, total = metrics.videos.done, metrics.videos.total
    parts = [moment(now, now) if state.phase == "running" else state.phase]
    if state.named_stage:
        parts.append(state.named_stage)
    sources, images = state.nouns.source.many, state.nouns.image.many
    if metrics.has_plan:
        parts += [
            f"{percent(metrics.share_done):>7} of {state.nouns.clip.many}",
            f"{done:>{len(str(total))}}/{total} {sources}",
            f"{count(metrics.total.images):>{len(count(metrics.total.planned))}} {images}",
            f"{per_minute(metrics.patches_per_minute):>4}/min",
        ]
        if state.phase not in ENDED_PHASES:
            parts.append(f"{duration(metrics.seconds_left):>7} left")
    else:  # a stage before the plan: the numbers made and left are unknown
        parts.append(f"{done}/{total} {sources}")
    workers = len(state.slots)
    parts.append(f"{workers} worker{'' if workers == 1 else 's'}")
    if state.disk is not None:
        parts.append(f"{size(state.disk.free_bytes)} free")
    return "  ".join(parts)


def checkpoint_words(found: Checkpoints) -> str:
    """Return `checkpoints 12: 2 completed, 6 in progress, 1 quarantined`."""
    others = "".join(f", {number} {phase}" for phase, number in found.others.items())
    return f"checkpoints {found.total}: {found.completed} completed, {found.in_progress} in progress{others}"


def verdict_line(state: RunState, now: float, engine: EngineSigns = HERE) -> str:
    """Return the most important fact about the run."""
    return display_name(run_verdict(state, metrics_of(state, now), now, engine).text())


def problem_lines(problem: ev.ProblemNoted, state: RunState) -> Iterator[str]:
    """Yield the lines of a warning or an error, with its source and its details."""
    source = state.sources.get(problem.source) if problem.source else None
    about = f"{display_name(source.name)}: " if source else ""
    yield f"{problem.level.capitalize()}: {about}{display_name(problem.text)}"
    for line in problem.detail.splitlines()[-5:]:
        yield f"    {display_name(line)}"


def feed_lines(event: object, state: RunState) -> Iterator[str]:
    """Yield the lines of one event in the feed of `-v`."""
    if isinstance(event, ev.ClipRetried):
        clip = _clip(event.clip, state)
        yield f"{clip}: attempt {event.attempt} failed ({display_name(event.reason)})"
    elif isinstance(event, ev.ClipEnded):
        yield from _clip_lines(event, state)
    elif isinstance(event, ev.FactsLearned):
        yield f"{_name(event.source, state)}: {event.stage} done"


def _clip_lines(event: ev.ClipEnded, state: RunState) -> Iterator[str]:
    outcome = event.outcome
    clip = _clip(outcome.clip, state)
    attempts = f"{outcome.attempts} attempt{'s' if outcome.attempts != 1 else ''}"
    if not isinstance(outcome, Made):
        after = f" after {attempts}" if state.nouns.has_attempts else ""
        yield f"{clip}: {type(outcome).__name__.lower()}{after} ({display_name(outcome.reason)})"
        return
    record: dict[str, Any] = dict(outcome.record)
    at, difference = record.get("pts_seconds"), record.get("scene_difference")
    place = f" @ {position(at)}" if at is not None else ""
    scene = f", difference {difference:.1f}" if difference is not None else ""
    took = f"{attempts}, {outcome.seconds:.1f} s" if state.nouns.has_attempts else f"{outcome.seconds:.1f} s"
    yield f"{clip}{place}{scene}, {took}"
    for patch in outcome.patches:
        saved = next(iter(patch.record.get("files", {}).values()), "")
        yield f"    saved to {display_name(patch.category.upper())}: {display_name(saved)}"
    for category, reason in outcome.rejected:
        yield f"    nothing for {display_name(category.upper())}: {display_name(reason)}"


def _clip(clip: Clip, state: RunState) -> str:
    return f"{_name(clip.source, state)} {state.nouns.clip.one} {clip.index}"


def _name(source: str, state: RunState) -> str:
    found = state.sources.get(source)
    return display_name(found.name if found else source)


# ------------------------------------------------------------------ beginning and end


def opening_lines(state: RunState, *, config: str, output: str, sources: int) -> Iterator[str]:
    """Yield lines about the loaded configuration, and about the place at which a resumed run continues."""
    nouns = state.nouns
    yield f"Config loaded: {nouns.source.counted(sources)} ({display_name(config)})"
    yield f"Output: {display_name(output)}"
    images = sum(state.categories[name].images for name in image_categories(state))
    if state.first_started_at is None:
        yield "No earlier run found, starting fresh"
        return
    if nouns.image_categories:  # clips of the stages before them are no images
        yield f"Resuming: {nouns.image.counted(images)} made so far"
        return
    clips = sum(record.clips_made for source, record in state.records.items() if source != DATASET)
    yield f"Resuming: {nouns.image.counted(images)} of {nouns.clip.counted(clips)} are made"


def resume_lines(state: RunState, names: Mapping[str, str]) -> Iterator[str]:
    """Yield lines about the progress of a resumed run; `names` maps ids of sources to their names."""
    last = str((state.newest_patch or {}).get("source"))
    if last in names and last in state.sources:
        nouns = state.nouns
        made = nouns.clip.counted(state.record(last).clips_made)
        if nouns.image_categories:
            made = nouns.image.counted(images_of(state, state.sources[last]))
        yield f"Last {state.nouns.source.one}: {display_name(names[last])}, {made} made"


def saved_lines(state: RunState, *, ledger: str, command: str) -> Iterator[str]:
    """Yield lines about the saved work of a stopped run, and how to continue."""
    yield f"Progress saved to {display_name(ledger)}"
    for source in state.sources.values():
        if source.is_planned and source.clips_left and source.made:
            clips = f"{count(source.clips_made)}/{count(source.clips_wanted)}"
            yield f"{display_name(source.name)}: {clips} {state.nouns.clip.many}"
    yield f"Go on with: {display_name(command)}"
