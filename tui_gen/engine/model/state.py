"""The state of a run: the sum of its events, for planning, resuming and viewing.

Only `RunState.apply` changes the state. It has no clock and does no input or output, so a live run, a
replayed ledger and a test reach the same state. All other code reads a `copy()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatchmethod

from tui_gen.engine.model import events as ev
from tui_gen.engine.model import patch_counts, work_time
from tui_gen.engine.model.machine_events import trouble_of
from tui_gen.engine.model.minutes import count_minute, drop_minutes_after
from tui_gen.engine.model.problems import corrected_problems, low_success, note_problem
from tui_gen.engine.model.run_data import RunData
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.model.state_views import (
    Recent,
    SlotState,
    SourceState,
    in_plan_order,
    stage_at_work,
)
from tui_gen.engine.model.streaks import NO_STREAK, streak_after
from tui_gen.engine.model.work import Failed, Made, Rejected

_LOOKS = frozenset({ev.FactsLearned, ev.SourceFoundUnusable, ev.PatchesLost})
"""What programs without an engine note too, hours after a run that crashed."""

_LATEST: dict[type[ev.Event], str] = {
    ev.DiskMeasured: "disk",
    ev.SystemMeasured: "system",
    ev.WorkersMeasured: "worker_memory",
    ev.WorkersHeld: "workers_held",
    ev.ScheduleApplied: "schedule",
}
"""The fields that keep the latest event of a kind."""


@dataclass(slots=True)
class RunState(RunData):
    """The sum of a run's events."""

    def apply(self, event: ev.Event) -> None:
        """Apply one event to the state."""
        if type(event) is ev.ClipRecounted:  # a million at a start: the dispatch would double the cost
            self._recount(event)
        else:
            self._take(event)
        if type(event) is not ev.PatchMoved:  # a move is no sign that the run still worked at that time
            self.last_at = max(self.last_at, event.at)
            if type(event) not in _LOOKS:
                self.worked_until = max(self.worked_until, event.at)

    @singledispatchmethod
    def _take(self, event: ev.Event) -> None:
        message = f"no such event: {event!r}"
        raise TypeError(message)

    @_take.register
    def _(self, event: ev.RunStarted) -> None:
        # A run that crashed has no end: its work counts up to its last line.
        work_time.rest(self, self.worked_until)
        self.active_seconds_before, self.clips_before = self.active_seconds, self.clips_ended
        self.made_before = self.clips_made
        self.making, self.rested_since, self.worked_until = self.making.in_new_run(), None, event.at
        self.phase, self.reason, self.exit_code, self.is_paused = "starting", "", None, False
        self.job, self.config, self.output = event.job, event.config, event.output
        self.pid, self.host, self.version = event.pid, event.host, event.version
        self.recipe = dict(event.recipe)
        self.started_at = event.at
        drop_minutes_after(self.minutes, event.at)
        if self.first_started_at is None:
            self.first_started_at = event.at
        self._forget_slots()
        for machine in self.machines.values():
            machine.begin_run()
        self.problems.clear()  # problems that persist are found again
        self.problems_dropped.clear()
        self.clips_failed = 0
        self.stages_planned.clear()
        self.streak, self.last_end_seconds = NO_STREAK, self.active_seconds
        for source in self.sources.values():
            source.begin_run()

    @_take.register
    def _(self, event: ev.JobDescribed) -> None:
        self.nouns = event.nouns

    @_take.register
    def _(self, event: ev.StageStarted) -> None:
        self.stage_starts[event.stage] = event
        if event.is_redone:
            for name, record in self.records.items():
                if event.stage in record.stages:
                    patch_counts.supersede(self, name, event.stage)

    @_take.register
    def _(self, event: ev.RunEnded) -> None:
        work_time.rest(self, event.at)
        self.phase = event.result  # type: ignore[assignment]
        self.reason, self.exit_code = event.reason, event.exit_code
        self._forget_slots()

    @_take.register
    def _(self, event: ev.PhaseChanged) -> None:
        self.phase = event.phase  # type: ignore[assignment]
        self.reason = event.reason
        self.is_paused = event.phase == "paused"
        if event.phase in {"running", "draining"}:
            work_time.go_on(self, event.at)
        else:
            work_time.rest(self, event.at)

    @_take.register
    def _(self, event: ev.ClockStepped) -> None:
        """Move the times from which durations are measured by the step of wall time."""
        work_time.step(self, event.seconds)
        self.last_at = self.worked_until = event.at  # it may be earlier than before

    @_take.register
    def _(self, event: ev.SourceSkipped) -> None:
        self.record(event.source).skipped = True
        self.see(event.source).is_skipped = True

    @_take.register
    def _(self, event: ev.SourceUnskipped) -> None:
        self.record(event.source).skipped = False
        self.see(event.source).is_skipped = False

    @_take.register
    def _(self, event: ev.PriorityChanged) -> None:
        self.record(event.source).priority = event.priority
        self.see(event.source).priority = event.priority

    @_take.register
    def _(self, event: ev.SourceRetried) -> None:
        for stage in self.record(event.source).stages.values():
            stage.unusable = None
        source = self.see(event.source)
        self.clips_failed -= source.failed
        source.forget_failures()

    @_take.register
    def _(self, event: ev.FactsLearned) -> None:
        self._look_on(event.at)
        self.record(event.source).facts.update(event.facts)
        self._remember(event)
        for text in event.warnings:
            self._note(ev.ProblemNoted(event.at, "warning", text, event.source))

    @_take.register
    def _(self, event: ev.SourceFoundUnusable) -> None:
        self._look_on(event.at)
        self.stage_record(event.source, event.stage).unusable = event.reason
        self.see(event.source).unusable = event.reason
        self._remember(event)
        self._note(ev.ProblemNoted(event.at, "error", event.reason, event.source, event.detail))

    @_take.register
    def _(self, event: ev.ClipEnded) -> None:
        outcome = event.outcome
        work_time.make_on(self, event.at, outcome.seconds)
        source = self.see(outcome.clip.source)
        patch_counts.count_attempts(self, source, outcome.attempts)
        if isinstance(outcome, Made):
            self._made(outcome, source, event)
        elif isinstance(outcome, Rejected):
            self._rejected(outcome, source, event.stage)
        else:
            self._failed(outcome, source, event)
        self.last_end_seconds = self.elapsed_seconds(event.at)
        self.streak = streak_after(self.streak, outcome, self.last_end_seconds)
        source.streak = streak_after(source.streak, outcome, self.last_end_seconds)
        self._remember(event)
        self._warn_of_low_success(source, event.at)

    @_take.register
    def _(self, event: ev.PatchesLost) -> None:
        source, category = self.see(event.source), self.category(event.category)
        lost = self.stage_record(event.source, event.stage).lose(
            event.category, event.clips, event.size_bytes
        )
        source.images[event.category] = source.images.get(event.category, 0) - lost
        category.images -= lost
        category.size_bytes -= event.size_bytes
        source.size_bytes -= event.size_bytes

    @_take.register
    def _(self, event: ev.PatchMoved) -> None:
        known, old, patch = self.records.get(event.source, SourceRecord()), event.from_category, event.patch
        record = known.stage(self.stage_of(event.stage))
        if not record.stands(old, event.clip):
            return
        place = {"source": event.source, "clip": event.clip, "category": old}
        if self.newest_patch is not None and place.items() <= self.newest_patch.items():
            self.newest_patch = {**place, "category": patch.category, **patch.record}
        if patch.category != old:
            lost = ev.PatchesLost(event.at, event.source, old, (event.clip,), patch.size_bytes, event.stage)
            self._take(lost)
            record.forget_patch(old, event.clip)
            given = patch.category, patch.size_bytes, patch.perceptual_hash
            patch_counts.count_new(self, self.see(event.source), record.take(event.clip, [given], ()))

    @_take.register
    def _(self, event: ev.StagePlanned) -> None:
        self.stages_planned[event.stage] = event.is_named
        for place, plan in enumerate(event.plan.sources):
            source = self.see(plan.source, plan.name, plan.path)
            source.place = place
            source.name, source.path, source.priority = plan.name, plan.path, plan.priority
            source.take_plan(event.stage, plan)
            unusable = None if source.is_missing else plan.unusable or self.record(plan.source).unusable
            if unusable is not None and source.unusable != unusable:
                self._note(ev.ProblemNoted(event.at, "error", unusable, plan.source))
            source.unusable = unusable
        self.stage = stage_at_work(self.stages_planned, self.sources.values())
        self.named_stage = self.stage if self.stages_planned[self.stage] else ""
        for name, category in event.plan.categories.items():
            self.category(name).take_plan(category)
        self.categories = in_plan_order(self.categories, list(event.plan.categories))
        self._warn_of_plan(event.plan.warnings, event.at)

    @_take.register
    def _(self, event: ev.SourceMissing) -> None:
        source = self.see(event.source, event.name, event.path)
        source.is_missing, source.missing_reason = True, event.reason
        self._note(ev.ProblemNoted(event.at, "warning", event.reason, event.source, event.path))

    @_take.register
    def _(self, event: ev.SourceQuarantined) -> None:
        self.see(event.source).quarantined = event.reason
        text = f"quarantined until the next run: {event.reason}"
        self._note(ev.ProblemNoted(event.at, "error", text, event.source))

    @_take.register
    def _(self, event: ev.SourceUnreachable) -> None:
        # Many sources are on one share: its loss is one problem.
        is_news = all(source.unreachable != event.reason for source in self.sources.values())
        self.see(event.source).unreachable = event.reason
        if is_news:
            self._note(ev.ProblemNoted(event.at, "warning", f"waiting for sources: {event.reason}"))

    @_take.register
    def _(self, event: ev.SourceReachable) -> None:
        self.see(event.source).unreachable = None

    @_take.register
    def _(self, event: ev.WorkersChanged) -> None:
        self.workers_target = event.target

    @_take.register
    def _(self, event: ev.SlotOpened) -> None:
        self.slots[event.slot] = SlotState(
            event.slot, event.source, what=event.what, since=event.at, machine=event.machine
        )
        self.see(event.source).in_hand += 1
        if event.machine:
            self.machine(event.machine).in_hand += 1

    @_take.register
    def _(self, event: ev.SlotTurned) -> None:
        slot = self.slots[event.slot]
        slot.clip, slot.what, slot.attempt = event.clip.index, event.what, event.attempt
        slot.since = event.at

    @_take.register
    def _(self, event: ev.SlotDrained) -> None:
        self.slots[event.slot].is_draining = event.is_draining

    @_take.register
    def _(self, event: ev.SlotClosed) -> None:
        slot = self.slots.pop(event.slot)
        self.see(slot.source).in_hand -= 1
        if slot.machine:
            self.machine(slot.machine).in_hand -= 1

    @_take.register
    def _(self, event: ev.MachineChanged) -> None:
        machine = self.machine(event.name)
        before = machine.phase
        machine.change(event)
        if text := trouble_of(event, before):
            self._note(ev.ProblemNoted(event.at, "warning", text))

    @_take.register
    def _(self, event: ev.MachineMeasured) -> None:
        self.machine(event.name).load = event

    @_take.register
    def _(self, event: ev.ClipRetried) -> None:
        self._remember(event)

    @_take.register
    def _(self, event: ev.ProblemNoted) -> None:
        self._note(event)

    @_take.register
    def _(self, event: ev.Latest) -> None:
        setattr(self, _LATEST[type(event)], event)

    # ------------------------------------------------------------------ parts of a change

    def _forget_slots(self) -> None:
        self.slots.clear()
        for machine in self.machines.values():
            machine.in_hand = 0

    def _look_on(self, at: float) -> None:
        """Count the work of a look at a source, unless `check` looked before the first run."""
        if self.started_at is not None:
            work_time.run_on(self, at)
            self.last_end_seconds = self.elapsed_seconds(at)

    def _recount(self, event: ev.ClipRecounted) -> None:
        """Apply the parts of a `ClipEnded` that count, without the data for the feed and the preview."""
        work_time.make_on(self, event.at, 0.0)
        source = self.see(event.source)
        patch_counts.count_attempts(self, source, event.attempts)
        size_bytes = patch_counts.count_made(
            self, source, event.stage, event.clip, event.patches, event.refused
        )
        self._count_output(event.machine, event.at, len(event.patches), size_bytes)
        self.recent_count += 1
        self.streak = source.streak = NO_STREAK
        self._warn_of_low_success(source, event.at)

    def _count_output(self, machine: str, at: float, patches: int, size_bytes: int) -> None:
        """Count a made clip in its minute, and for its machine."""
        count_minute(self.minutes, at, patches, size_bytes)
        if machine:
            by = self.machine(machine)
            by.clips_made += 1
            by.patches += patches
            count_minute(by.minutes, at, patches, size_bytes)

    def _made(self, outcome: Made, source: SourceState, event: ev.ClipEnded) -> None:
        patches = [(patch.category, patch.size_bytes, patch.perceptual_hash) for patch in outcome.patches]
        refused = [category for category, _reason in outcome.rejected]
        size_bytes = patch_counts.count_made(self, source, event.stage, outcome.clip.index, patches, refused)
        self._count_output(event.machine, event.at, len(patches), size_bytes)
        if outcome.patches:
            newest = outcome.patches[-1]
            place = {"source": source.id, "clip": outcome.clip.index, "category": newest.category}
            self.newest_patch = {**place, **newest.record}

    def _rejected(self, outcome: Rejected, source: SourceState, stage: str) -> None:
        self.stage_record(source.id, stage).reject(outcome.clip.index, outcome.reason)
        source.rejected += 1
        self.clips_rejected += 1

    def _failed(self, outcome: Failed, source: SourceState, event: ev.ClipEnded) -> None:
        source.count_failed(event.stage, outcome.clip.index)
        self.clips_failed += 1
        text = f"{self.nouns.clip.one} {outcome.clip.index} failed: {outcome.reason}"
        self._note(ev.ProblemNoted(event.at, "error", text, source.id, outcome.detail))

    def _warn_of_low_success(self, source: SourceState, at: float) -> None:
        if not source.low_success_noted and (text := low_success(source.made, source.ended, self.nouns.clip)):
            source.low_success_noted = True
            self._note(ev.ProblemNoted(at, "warning", text, source.id))

    def _warn_of_plan(self, warnings: tuple[str, ...], at: float) -> None:
        """Note the warnings of a plan, except those that only correct the numbers of an earlier one."""
        for text in corrected_problems(self.problems, self.warnings, warnings, at):
            self._note(ev.ProblemNoted(at, "warning", text))
        self.warnings = warnings

    def _remember(self, event: Recent) -> None:
        self.recent_count += 1
        self.recent.append((self.recent_count, event))
        if isinstance(event, ev.ProblemNoted | ev.SourceFoundUnusable):
            self.messages.append((self.recent_count, event))

    def _note(self, event: ev.ProblemNoted) -> None:
        self._remember(event)
        for dropped in note_problem(self.problems, event):
            self.problems_dropped[dropped.level] = self.problems_dropped.get(dropped.level, 0) + 1
