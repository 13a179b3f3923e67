"""Calls someone back to the screen when the run ends or has a problem: a bell, or a note of the terminal's.

Guards: what was there when the screen came up calls nobody, the end calls once, and problems are gathered,
so that a bad night is not five hundred bells. No foreign text is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import ENDED_PHASES
from tui_gen.engine.run.hooks import EventDetector

Notices = Literal["none", "bell", "message"]
BELL = "\a"
WORDS = {"on_problem": "there are new problems", "on_disk_low": "the disk is low, the work waits"}


@dataclass(slots=True)
class Caller:
    """Compares the run with what it was at the last look."""

    kind: Notices
    _lookout: EventDetector = field(default_factory=EventDetector)
    _has_looked: bool = False
    _has_told_of_end: bool = False

    def look(self, state: RunState, now: float) -> str:
        """Return what to send to the terminal; mostly nothing."""
        if self.kind == "none":
            return ""
        happened = [happening.event for happening in self._lookout.look(state, now)]
        words = [WORDS[event] for event in happened if event in WORDS]
        has_ended = state.phase in ENDED_PHASES
        if has_ended and not self._has_told_of_end:
            words.append(f"the run has {'finished' if state.phase == 'finished' else 'ended'}")
        self._has_told_of_end = has_ended
        is_first, self._has_looked = not self._has_looked, True
        if is_first or not words:
            return ""
        return BELL if self.kind == "bell" else f"\x1b]9;tui-gen: {', '.join(words)}\x1b\\"
