"""Clips that ended one after another without a patch: the evidence for a stall and for a failing source.

Pure. Invariant: a clip that gave a patch ends the streak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_gen.engine.model.work import Made, Outcome


@dataclass(frozen=True, slots=True)
class Streak:
    """The clips without a patch that ended last."""

    clips: int = 0
    began_seconds: float = 0.0  # at which second of work the first of them began
    reasons: Mapping[str, int] = field(default_factory=dict)  # without the text after a colon -> clips

    @property
    def reason(self) -> str:
        """The most frequent reason; empty if there is no streak."""
        return max(self.reasons, key=self.reasons.__getitem__) if self.reasons else ""


NO_STREAK = Streak()


def streak_after(streak: Streak, outcome: Outcome, work_seconds: float) -> Streak:
    """Return the streak after a clip ended at a second of work."""
    reason = _barren_reason(outcome)
    if reason is None:
        return NO_STREAK
    kind = reason.partition(":")[0]
    began = streak.began_seconds if streak.clips else max(0.0, work_seconds - outcome.seconds)
    reasons = {**streak.reasons, kind: streak.reasons.get(kind, 0) + 1}
    return Streak(streak.clips + 1, began, reasons)


def _barren_reason(outcome: Outcome) -> str | None:
    """Return why a clip gave no patch; None if it gave one, or if none was wanted of it."""
    if not isinstance(outcome, Made):
        return outcome.reason
    if outcome.patches or not outcome.rejected:
        return None
    return outcome.rejected[0][1]
