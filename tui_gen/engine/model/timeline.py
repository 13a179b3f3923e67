"""The timeline of a source: what became of the clips in each of some equal parts of its running time. Pure.

A part has one mark, that of the gravest outcome in it:

    LOST > FAILED > MOSTLY_REJECTED > REJECTED > PARTLY_MADE, MADE > TO_COME > NOTHING

A part in which at least half of the ended clips were rejected has another mark than one with some rejections:
a few rejections are usual, and a damaged part gives almost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui_gen.engine.model.clip_sets import union
from tui_gen.engine.model.stage_records import SourceRecord, StageRecord
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import StageProgress

LOST = "l"
"""The files of a clip are gone, and the clip is not made again yet."""
FAILED = "f"
MOSTLY_REJECTED, REJECTED = "R", "r"
MADE = "m"
"""All wanted clips of the part are made."""
PARTLY_MADE = "p"
"""Some clips are made, some are still to come."""
TO_COME = "t"
NOTHING = " "
"""No clip of the part is wanted."""
MARKS = (LOST, FAILED, MOSTLY_REJECTED, REJECTED, MADE, PARTLY_MADE, TO_COME, NOTHING)
MOST_PARTS = 400


@dataclass(frozen=True, slots=True)
class SourceTimeline:
    """The running time of a source, and a mark for each part of it."""

    seconds: float
    marks: str


@dataclass(frozen=True, slots=True)
class _Clips:
    """The clips of a source as bit sets; a clip is in one of them at most."""

    lost: int
    failed: int
    rejected: int
    made: int
    open: int

    def mark(self, part: int) -> str:
        """Return the mark of the clips of a part."""
        if part & self.lost:
            return LOST
        if part & self.failed:
            return FAILED
        made, rejected = part & self.made, part & self.rejected
        if rejected:
            return MOSTLY_REJECTED if rejected.bit_count() >= made.bit_count() else REJECTED
        if made:
            return PARTLY_MADE if part & self.open else MADE
        return TO_COME if part & self.open else NOTHING


def source_timeline(state: RunState, source: str, parts: int) -> SourceTimeline | None:
    """Return the timeline of a source, for a state with records; None if its clips have no known places.

    `parts` is from 1 to MOST_PARTS. Raises ValueError for any other number.
    """
    if not 1 <= parts <= MOST_PARTS:
        message = f"a timeline has from 1 to {MOST_PARTS} parts, not {parts}"
        raise ValueError(message)
    found, record = state.sources.get(source), state.records.get(source, SourceRecord())
    for stage, progress in found.progress.items() if found is not None else ():
        if progress.places is not None:
            clips = _clips_of(record.stage(stage), progress)
            marks = "".join(map(clips.mark, progress.places.parts(parts)))
            return SourceTimeline(progress.places.seconds, marks)
    return None


def _clips_of(record: StageRecord, progress: StageProgress) -> _Clips:
    lost = union(record.lost.values()) & ~record.rejected
    made = union(record.made.values()) & ~lost
    rejected = (record.rejected | union(record.rejected_for.values())) & ~(made | lost)
    failed = progress.failed_clips & ~(made | lost | rejected)
    return _Clips(lost, failed, rejected, made, progress.open_clips & ~(lost | made | rejected | failed))
