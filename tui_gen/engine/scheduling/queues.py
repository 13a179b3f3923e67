"""What is still to be handed out, source by source, without handing anything out twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tui_gen.engine.model.work import Clip, Clips, SourcePlan, Unit, bits_of

SAME_FAILURES = 3
"""So many clips of one source in a row that fail in the same way set it aside for this run."""


@dataclass(slots=True)
class SourceQueue:
    """The units of one source, of the plan as it is now.

    A clip is in exactly one place: ended, in flight, or still to come. Sets of clips are integers used
    as bit sets, since all that ever ended are in them.
    """

    plan: SourcePlan
    is_survey_in_flight: bool = False  # a unit without clips (a survey) is in flight
    is_closed: bool = False  # nothing more in this run: set aside, or found unusable
    is_unreachable: bool = False  # nothing until its disk or share is back
    _in_flight: int = 0
    _failed: int = 0
    _ended: int = 0  # since the plan was made
    _passed_over: int = 0  # planned while they were in flight
    _units: Iterator[Unit] | None = None
    _returned: list[Unit] = field(default_factory=list)
    _survey_failures: int = 0
    _last_failure: str = ""
    _failures_in_a_row: int = 0
    # How often a machine was lost with this clip first in hand; None: with a survey.
    _deaths: Counter[Clip | None] = field(default_factory=Counter)

    def renew(self, plan: SourcePlan) -> bool:
        """Take a new plan; say whether clips in flight may have become unwanted by it."""
        shrank = any(plan.quotas.get(name, 0) < quota for name, quota in self.plan.quotas.items())
        changed = plan.key != self.plan.key
        self._passed_over = 0
        self.plan = plan
        if changed:
            self.rewind()
        return shrank

    def rewind(self) -> None:
        """Hand out the plan's units from the start; what ended or is in flight is left out."""
        self._units = None
        self._returned.clear()
        self._ended = 0

    @property
    def may_want_more(self) -> bool:
        """Whether clips have ended that were planned anew meanwhile, perhaps for more than they gave."""
        return bool(self._passed_over & self._ended)

    @property
    def clips_in_flight(self) -> int:
        """How many clips workers have."""
        return self._in_flight.bit_count()

    @property
    def clips_waiting(self) -> int:
        """How many clips are still to be handed out."""
        gone = self._in_flight.bit_count() + self._ended.bit_count() + self._failed.bit_count()
        return 0 if self.is_closed or self.is_unreachable else max(0, self.plan.clips_left - gone)

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing is in flight, and nothing is left to hand out in this run."""
        if self.is_survey_in_flight or self._in_flight:
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
        if most_clips is not None and len(unit.clips) > most_clips:
            parts = -(-len(unit.clips) // most_clips)
            unit = self._first_part(unit, -(-len(unit.clips) // parts))
        self._in_flight |= bits_of(unit.clips)
        self.is_survey_in_flight = not unit.clips
        return unit

    def _next(self) -> Unit | None:
        if self._returned:
            return self._returned.pop()
        if self._units is None:
            self._units = iter(self.plan.units)
        for unit in self._units:
            if not unit.clips:
                return unit
            self._passed_over |= self._in_flight & bits_of(unit.clips)
            rest = unit.without(self._clips(self._in_flight | self._failed | self._ended))
            if rest is not None:
                return rest
        return None

    def _clips(self, bits: int) -> Clips:
        return Clips(self.plan.source, bits)

    def _first_part(self, unit: Unit, count: int) -> Unit:
        head, tail = (self._clips(bits_of(part)) for part in (unit.clips[:count], unit.clips[count:]))
        first, rest = unit.without(tail), unit.without(head)
        if first is None or rest is None:  # it cannot be divided
            return unit
        self._returned.append(rest)
        return first

    def end(self, clip: Clip) -> None:
        """Note that a clip in flight has its outcome."""
        self._in_flight &= ~(1 << clip.index)
        self._ended |= 1 << clip.index

    def fail(self, clip: Clip) -> None:
        """Note that a clip that ended failed: it is not handed out again before it is forgiven."""
        self._failed |= 1 << clip.index

    def give_back(self, unit: Unit, done: set[Clip], *, is_stale: bool) -> None:
        """Take back what a worker did not do. Stale work is planned anew instead."""
        self._land(unit, done)
        if not unit.clips:
            self.is_survey_in_flight = False
        if is_stale:
            self.rewind_keeping_ended()
            return
        gone = self._clips(bits_of(done) | self._ended | self._failed)
        rest = unit.without(gone) if unit.clips else unit
        if rest is not None:
            self._returned.append(rest)

    def _land(self, unit: Unit, done: set[Clip]) -> None:
        """Note that a unit's clips are not in flight any more.

        Those that ended may be again: another worker has taken them for what they did not give before.
        """
        self._in_flight &= ~(bits_of(unit.clips) & ~bits_of(done))

    def rewind_keeping_ended(self) -> None:
        """Hand out the plan's units from the start, without what ended since the plan was made."""
        self._units = None
        self._returned.clear()

    def complete(self, unit: Unit, done: set[Clip]) -> None:
        """Note that a worker came to the end of a unit."""
        self._land(unit, done)
        if not unit.clips:
            self.is_survey_in_flight = False
            self._survey_failures = 0

    def count_failure(self, reason: str) -> bool:
        """Count a failed clip; say whether the source is to be set aside."""
        self._failures_in_a_row = self._failures_in_a_row + 1 if reason == self._last_failure else 1
        self._last_failure = reason
        return self._failures_in_a_row >= SAME_FAILURES

    def count_success(self) -> None:
        """Note that its decoder works."""
        self._failures_in_a_row, self._last_failure = 0, ""

    def count_survey_failure(self) -> bool:
        """Count a survey that broke; say whether the source is to be set aside."""
        self._survey_failures += 1
        return self._survey_failures >= SAME_FAILURES

    def count_death(self, first: Clip | None) -> bool:
        """Count a lost machine by the clip that was first in hand; say whether the clip is to be given up."""
        self._deaths[first] += 1
        return self._deaths[first] >= SAME_FAILURES

    def forgive(self) -> None:
        """Forget all failures: they are to be tried again."""
        self._deaths.clear()
        self._failed = 0
        self.is_closed = False
        self.count_success()
        self._survey_failures = 0
        self.rewind_keeping_ended()
