"""The queue of work for each source; no clip is handed out twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tui_gen.engine.model.work import Clip, SourcePlan, Unit
from tui_gen.engine.scheduling.clip_states import ENDED, FAILED, IN_FLIGHT, PASSED_OVER, ClipStates

SAME_FAILURES = 3
"""A source is quarantined for this run after this number of consecutive clips that fail in the same way."""


@dataclass(slots=True)
class SourceQueue:
    """The units of one source, by the current plan.

    A clip can be handed out if it is not in flight, has not failed, and has not ended since the plan was
    made. Handing out all clips takes time proportional to their number, times the logarithm of the number of
    parts if units are divided: no operation copies or visits all clips for one of them.
    """

    plan: SourcePlan
    is_survey_in_flight: bool = False  # a unit without clips (a survey) is in flight
    is_closed: bool = False  # no more work in this run: quarantined, or found unusable
    is_unreachable: bool = False  # no work until its disk or share is back
    _states: ClipStates = field(default_factory=ClipStates)
    _units: Iterator[Unit] | None = None
    _returned: list[Unit] = field(default_factory=list)
    _survey_failures: int = 0
    _last_failure: str = ""
    _failures_in_a_row: int = 0
    # Clip -> how often a machine was lost when this was its first clip without an outcome; None: a survey.
    _deaths: Counter[Clip | None] = field(default_factory=Counter)
    _clips_planned: int = field(init=False)  # clips left when the units were queued

    def __post_init__(self) -> None:
        """Set the number of clips to hand out."""
        self._clips_planned = self.plan.clips_left

    def renew(self, plan: SourcePlan) -> bool:
        """Replace the plan; return whether clips in flight may have become unwanted."""
        shrank = any(plan.quotas.get(name, 0) < quota for name, quota in self.plan.quotas.items())
        changed = plan.key != self.plan.key
        self._states.clear(PASSED_OVER)
        self.plan = plan
        if changed:
            self.rewind()
        return shrank

    def rewind(self) -> None:
        """Start again with the plan's units and forget which clips have ended."""
        self.rewind_keeping_ended()
        self._states.clear(ENDED)
        self._clips_planned = self.plan.clips_left

    @property
    def may_want_more(self) -> bool:
        """Return True if a clip ended after it was planned again for additional categories."""
        return self._states.may_lack > 0

    @property
    def clips_in_flight(self) -> int:
        """The number of clips that workers have."""
        return self._states.in_flight

    @property
    def clips_waiting(self) -> int:
        """The number of clips still to be handed out."""
        if self.is_closed or self.is_unreachable:
            return 0
        return max(0, self._clips_planned - self._states.gone)

    @property
    def is_exhausted(self) -> bool:
        """Whether no clip is in flight and none is left to hand out in this run."""
        if self.is_survey_in_flight or self._states.in_flight:
            return False
        if self.is_closed or self.is_unreachable:
            return self.is_closed
        return not self._is_unit_left()

    @property
    def has_unit(self) -> bool:
        """Whether `take` would return a unit now."""
        if self.is_closed or self.is_unreachable or self.is_survey_in_flight:
            return False
        return self._is_unit_left()

    def _is_unit_left(self) -> bool:
        unit = self._next()
        if unit is not None:
            self._returned.append(unit)
        return unit is not None

    def take(self, *, most_clips: int | None = None, workers: int = 1) -> Unit | None:
        """Return the next unit and mark its clips as in flight; None if there is none now.

        A larger unit is divided evenly; the first part is returned, and the rest comes next. Smaller units
        are joined, if the plan can do this, up to the share of the source's clips of one of the workers.
        """
        if self.is_closed or self.is_unreachable or self.is_survey_in_flight:
            return None
        unit = self._next()
        if unit is None:
            return None
        if most_clips is not None:
            open_clips = self.clips_waiting + self.clips_in_flight
            unit = self._joined(unit, min(most_clips, -(-open_clips // max(1, workers))))
            unit = self._first_part(unit, most_clips)
        clips = unit.clips
        for clip in clips:
            self._states.change(clip.index, on=IN_FLIGHT)
        self.is_survey_in_flight = not clips
        return unit

    def _next(self) -> Unit | None:
        if self._returned:
            return self._returned.pop()
        if self._units is None:
            self._units = iter(self.plan.units)
        for unit in self._units:
            clips = unit.clips
            if not clips:
                return unit
            self._pass_over(clips)
            rest = self._left_of(unit, clips)
            if rest is not None:
                return rest
        return None

    def _pass_over(self, clips: Sequence[Clip]) -> None:
        for clip in clips if self._states.in_flight else ():
            if self._states.has(clip.index, IN_FLIGHT):
                self._states.change(clip.index, on=PASSED_OVER)

    def _left_of(self, unit: Unit, clips: Sequence[Clip]) -> Unit | None:
        """Return the unit without the clips that are in flight, failed or ended."""
        gone = {clip for clip in clips if self._states.has(clip.index, IN_FLIGHT | FAILED | ENDED)}
        return unit.without(gone) if gone else unit

    def _joined(self, unit: Unit, most: int) -> Unit:
        """Return the unit with clips of the units after it, at most `most`; the rest of the last comes next.

        A unit of at least `most` clips is returned as it is.
        """
        join = self.plan.join
        while join is not None and (room := most - len(unit.clips)) > 0:
            following = self._next_beside(unit)
            if following is None:
                break
            clips = following.clips
            part = following.without(frozenset(clips[room:])) if len(clips) > room else following
            both = None if part is None or not clips else join(unit, part)
            if both is None:
                self._returned.append(following)
                break
            if part is not following and (rest := following.without(frozenset(clips[:room]))) is not None:
                self._returned.append(rest)
            unit = both
        return unit

    def _next_beside(self, unit: Unit) -> Unit | None:
        """Return the next unit without the clips of a unit that is about to be handed out.

        A unit that was given back may be planned again.
        """
        for clip in unit.clips:
            self._states.change(clip.index, on=IN_FLIGHT)
        following = self._next()
        for clip in unit.clips:
            self._states.change(clip.index, off=IN_FLIGHT)
        return following

    def _first_part(self, unit: Unit, most: int) -> Unit:
        """Return the first of equal parts of at most `most` clips; the other parts come next.

        A unit is halved repeatedly, at a boundary between two parts. Removing one part after another from the
        front would copy the rest once for each part.
        """
        while (parts := -(-len(clips := unit.clips) // most)) > 1:
            middle = -(-len(clips) * ((parts + 1) // 2) // parts)
            first, rest = unit.without(frozenset(clips[middle:])), unit.without(frozenset(clips[:middle]))
            if first is None or rest is None or len(first.clips) + len(rest.clips) != len(clips):
                return unit  # it cannot be divided
            self._returned.append(rest)
            unit = first
        return unit

    def end(self, clip: Clip) -> None:
        """Mark a clip in flight as ended."""
        self._states.change(clip.index, off=IN_FLIGHT, on=ENDED)

    def fail(self, clip: Clip) -> None:
        """Mark an ended clip as failed: it is not handed out again until `forgive`."""
        self._states.change(clip.index, off=ENDED, on=FAILED)

    def give_back(self, unit: Unit, done: set[Clip], *, is_stale: bool) -> None:
        """Return a unit with the clips that a worker did not do. Stale work is planned again instead."""
        clips = unit.clips
        self._land(clips, done)
        if is_stale:
            self.rewind_keeping_ended()
            return
        gone = done | {clip for clip in clips if self._states.has(clip.index, FAILED | ENDED)}
        rest = unit.without(gone) if clips else unit
        if rest is not None:
            self._returned.append(rest)

    def _land(self, clips: Sequence[Clip], done: set[Clip]) -> None:
        """Mark the clips of a unit as no longer in flight.

        Clips in `done` may be in flight again: another worker may make them for additional categories.
        """
        for clip in clips:
            if clip not in done:
                self._states.change(clip.index, off=IN_FLIGHT)
        if not clips:
            self.is_survey_in_flight = False

    def rewind_keeping_ended(self) -> None:
        """Start again with the plan's units; clips that have ended since the plan was made stay ended."""
        self._units = None
        self._returned.clear()

    def complete(self, unit: Unit, done: set[Clip]) -> None:
        """Mark a unit as completed by a worker."""
        clips = unit.clips
        self._land(clips, done)
        if not clips:
            self._survey_failures = 0

    def count_failure(self, reason: str) -> bool:
        """Count a failed clip; return whether the source must be quarantined."""
        self._failures_in_a_row = self._failures_in_a_row + 1 if reason == self._last_failure else 1
        self._last_failure = reason
        return self._failures_in_a_row >= SAME_FAILURES

    def count_success(self) -> None:
        """Reset the count of failures: the source can be decoded."""
        self._failures_in_a_row, self._last_failure = 0, ""

    def count_survey_failure(self) -> bool:
        """Count a failed survey; return whether the source must be quarantined."""
        self._survey_failures += 1
        return self._survey_failures >= SAME_FAILURES

    def count_death(self, first: Clip | None) -> bool:
        """Count a lost machine for its first clip without an outcome; return whether the clip must fail."""
        self._deaths[first] += 1
        return self._deaths[first] >= SAME_FAILURES

    def forgive(self) -> None:
        """Forget all failures, so that the clips are tried again."""
        self._deaths.clear()
        self._states.clear(FAILED)
        self.is_closed = False
        self.count_success()
        self._survey_failures = 0
        self.rewind_keeping_ended()
