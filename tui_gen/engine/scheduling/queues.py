"""What is still to be handed out, source by source, without handing anything out twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tui_gen.engine.model.work import Clip, SourcePlan, Unit
from tui_gen.engine.scheduling.clip_states import ENDED, FAILED, IN_FLIGHT, PASSED_OVER, ClipStates

SAME_FAILURES = 3
"""So many clips of one source in a row that fail in the same way set it aside for this run."""


@dataclass(slots=True)
class SourceQueue:
    """The units of one source, of the plan as it is now.

    A clip is handed out while it is neither in flight, nor failed, nor ended since the plan was made.
    Handing out all clips takes time in proportion to their number, times the logarithm of the number of
    parts where units are divided: nothing here copies or walks all clips for one of them.
    """

    plan: SourcePlan
    is_survey_in_flight: bool = False  # a unit without clips (a survey) is in flight
    is_closed: bool = False  # nothing more in this run: quarantined, or found unusable
    is_unreachable: bool = False  # nothing until its disk or share is back
    _states: ClipStates = field(default_factory=ClipStates)
    _units: Iterator[Unit] | None = None
    _returned: list[Unit] = field(default_factory=list)
    _survey_failures: int = 0
    _last_failure: str = ""
    _failures_in_a_row: int = 0
    # How often a machine was lost with this clip first in hand; None: with a survey.
    _deaths: Counter[Clip | None] = field(default_factory=Counter)
    _clips_planned: int = field(init=False)  # left when the units were queued

    def __post_init__(self) -> None:
        """Note how many clips there are to hand out."""
        self._clips_planned = self.plan.clips_left

    def renew(self, plan: SourcePlan) -> bool:
        """Take a new plan; say whether clips in flight may have become unwanted by it."""
        shrank = any(plan.quotas.get(name, 0) < quota for name, quota in self.plan.quotas.items())
        changed = plan.key != self.plan.key
        self._states.clear(PASSED_OVER)
        self.plan = plan
        if changed:
            self.rewind()
        return shrank

    def rewind(self) -> None:
        """Hand out the plan's units from the start; what ended or is in flight is left out."""
        self.rewind_keeping_ended()
        self._states.clear(ENDED)
        self._clips_planned = self.plan.clips_left

    @property
    def may_want_more(self) -> bool:
        """Whether a clip has ended that was planned anew while it was in flight, perhaps for more."""
        return self._states.may_lack > 0

    @property
    def clips_in_flight(self) -> int:
        """How many clips workers have."""
        return self._states.in_flight

    @property
    def clips_waiting(self) -> int:
        """How many clips are still to be handed out."""
        if self.is_closed or self.is_unreachable:
            return 0
        return max(0, self._clips_planned - self._states.gone)

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing is in flight, and nothing is left to hand out in this run."""
        if self.is_survey_in_flight or self._states.in_flight:
            return False
        if self.is_closed or self.is_unreachable:
            return self.is_closed
        unit = self._next()
        if unit is not None:
            self._returned.append(unit)
        return unit is None

    def take(self, *, most_clips: int | None = None) -> Unit | None:
        """Return the next unit and count its clips as in flight; None when there is none now.

        A larger unit is divided evenly; its first part is taken, and the rest is next.
        """
        if self.is_closed or self.is_unreachable or self.is_survey_in_flight:
            return None
        unit = self._next()
        if unit is None:
            return None
        if most_clips is not None:
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

    def _first_part(self, unit: Unit, most: int) -> Unit:
        """Return the first of equal parts of at most `most` clips; what follows it is next.

        A unit is halved again and again, between two parts. Taking one part after another off the front
        would copy the rest once for each part.
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
        """Note that a clip in flight has its outcome."""
        self._states.change(clip.index, off=IN_FLIGHT, on=ENDED)

    def fail(self, clip: Clip) -> None:
        """Note that a clip that ended failed: it is not handed out again before it is forgiven."""
        self._states.change(clip.index, off=ENDED, on=FAILED)

    def give_back(self, unit: Unit, done: set[Clip], *, is_stale: bool) -> None:
        """Take back what a worker did not do. Stale work is planned anew instead."""
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
        """Note that a unit is not in flight any more.

        Clips that ended may be again: another worker has taken them for what they did not give before.
        """
        for clip in clips:
            if clip not in done:
                self._states.change(clip.index, off=IN_FLIGHT)
        if not clips:
            self.is_survey_in_flight = False

    def rewind_keeping_ended(self) -> None:
        """Hand out the plan's units from the start, without what ended since the plan was made."""
        self._units = None
        self._returned.clear()

    def complete(self, unit: Unit, done: set[Clip]) -> None:
        """Note that a worker came to the end of a unit."""
        clips = unit.clips
        self._land(clips, done)
        if not clips:
            self._survey_failures = 0

    def count_failure(self, reason: str) -> bool:
        """Count a failed clip; say whether the source is to be quarantined."""
        self._failures_in_a_row = self._failures_in_a_row + 1 if reason == self._last_failure else 1
        self._last_failure = reason
        return self._failures_in_a_row >= SAME_FAILURES

    def count_success(self) -> None:
        """Note that its decoder works."""
        self._failures_in_a_row, self._last_failure = 0, ""

    def count_survey_failure(self) -> bool:
        """Count a survey that broke; say whether the source is to be quarantined."""
        self._survey_failures += 1
        return self._survey_failures >= SAME_FAILURES

    def count_death(self, first: Clip | None) -> bool:
        """Count a lost machine by the clip that was first in hand; say whether the clip is to be given up."""
        self._deaths[first] += 1
        return self._deaths[first] >= SAME_FAILURES

    def forgive(self) -> None:
        """Forget all failures: they are to be tried again."""
        self._deaths.clear()
        self._states.clear(FAILED)
        self.is_closed = False
        self.count_success()
        self._survey_failures = 0
        self.rewind_keeping_ended()
