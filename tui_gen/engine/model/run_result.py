"""How a run ended, decided from its state: the result and the exit code."""

from __future__ import annotations

from typing import Literal

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState

Ending = Literal["drain", "stop", "limit"]
"""What ended a run before its plan was done."""


def verdict(state: RunState, ending: Ending | None, *, only: frozenset[str] | None, at: float) -> ev.RunEnded:
    """Return the end of a run; `only` are the sources it was to work on, None for all."""
    if ending == "limit":
        return ev.RunEnded(at, "stopped", 0, "the limit of clips was reached")
    if ending is not None:
        return ev.RunEnded(at, "stopped", 4, "stopped before the end")
    return ev.RunEnded(at, "finished", 3 if _falls_short(state, only) else 0)


def _falls_short(state: RunState, only: frozenset[str] | None) -> bool:
    wanted = [s for s in state.sources.values() if s.is_planned or s.is_missing]
    if only is not None:
        wanted = [source for source in wanted if source.id in only]
    elif any(category.shortfall for category in state.categories.values()):
        return True
    return any((s.reason or s.clips_left) and not s.is_skipped for s in wanted)
