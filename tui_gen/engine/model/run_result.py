"""Decides the result and the exit code of a run from its state."""

from __future__ import annotations

from typing import Literal

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.metrics import falls_short
from tui_gen.engine.model.state import RunState

Ending = Literal["drain", "stop", "limit"]
"""Why a run ended before its plan was done."""

REASONS = {
    "drain": "as asked, after the {clips} in hand",
    "stop": "as asked; the {clips} in hand are made again",
}


def verdict(state: RunState, ending: Ending | None, *, only: frozenset[str] | None, at: float) -> ev.RunEnded:
    """Return the end of a run; `only` are the sources that the run was limited to, None for all."""
    if ending == "limit":
        return ev.RunEnded(at, "stopped", 0, f"the limit of {state.nouns.clip.many} was reached")
    if ending is not None:
        return ev.RunEnded(at, "stopped", 4, REASONS[ending].format(clips=state.nouns.clip.many))
    return ev.RunEnded(at, "finished", 3 if falls_short(state, only) else 0)
