"""The scores of clips and patches, their limits, and the decision whether a clip or patch is rejected.

    measured (luma.py, patch_scores.py) ──> {name: value} ──> ledger
                                                 └── Rule: under, over ──> None, or why it is rejected

Guards: a score is rounded and then compared, so every decision can be repeated from the ledger. A score
depends only on its clip or patch, so it is the same for every order of the work.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

from tui_gen.jobs.superres.clip_shape import USUAL_CLIP

Mode = Literal["off", "score", "reject"]
ScoreName = Literal[
    "cut",
    "fade",
    "repeated_frames",
    "timing",
    "flat",
    "black",
    "learnable",
    "motion",
    "near_duplicate",
    "noise",
    "text",
]
Scores = Mapping[str, float]

CUT_TIMES_MEDIAN = 4
NEAR_DUPLICATE = "near_duplicate"
REPEATED_FRAMES = "repeated_frames"


@dataclass(frozen=True, slots=True)
class Kind:
    """One score: what it measures, and its default limits."""

    name: str  # as in the configuration and in the ledger
    of: Literal["clip", "patch"]
    meaning: str
    digits: int  # decimal places kept of its value
    under: float | None = None
    over: float | None = None
    is_inclusive: bool = False  # True: a value equal to the limit is flagged


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                *("cut", "clip", "the luma difference of neighbours that stands out, 0 if none does", 3),
                over=12.0,
                is_inclusive=True,
            ),
            Kind("fade", "clip", "change of mean luma over a clip without a cut", 3, over=20.0),
            Kind(REPEATED_FRAMES, "clip", "different frames of a clip", 0, under=5.0),
            Kind("timing", "clip", "largest distance of two frames over the median", 3, over=1.5),
            Kind("flat", "patch", "deviation of luma", 2, under=4.0),
            Kind("black", "patch", "99th percentile of luma", 0, under=32.0),
            Kind("learnable", "patch", "PSNR of GT against enlarged LR, dB", 2, over=46.0),
            Kind("motion", "patch", "median optical flow, LR pixels a frame", 3, under=0.05, over=20.0),
            Kind(
                *(NEAR_DUPLICATE, "patch", "bits that differ from the nearest patch before it", 0),
                under=6.0,
                is_inclusive=True,
            ),
            Kind("noise", "patch", "sigma of noise by Immerkaer", 2),
            Kind("text", "patch", "percent that are static bright strokes in the lower fifth", 3),
        )
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """The configuration of one score."""

    kind: Kind
    mode: Mode
    under: float | None
    over: float | None

    def flag(self, value: float) -> str | None:
        """Return why a value is beyond the limits, or None."""
        on_limit = self.kind.is_inclusive
        if self.under is not None and (value < self.under or (on_limit and value == self.under)):
            limit = f"{self.under:g} or less" if on_limit else f"under {self.under:g}"
        elif self.over is not None and (value > self.over or (on_limit and value == self.over)):
            limit = f"{self.over:g} or more" if on_limit else f"over {self.over:g}"
        else:
            return None
        return f"{words(self.kind.name)} {value:g}, {limit}"


Rules = Mapping[str, Rule]
"""Name of the score -> rule, without scores that are off."""


def default_rule(name: str, mode: Mode) -> Rule:
    """Return the rule of a score with its default limits."""
    kind = KINDS[name]
    return Rule(kind, mode, kind.under, kind.over)


def least_different(frames: int) -> float:
    """Return the default limit of `repeated_frames` for clips of this length: 5 of 7, or the same share."""
    usual = KINDS[REPEATED_FRAMES].under or 0.0
    return float(round(usual * frames / USUAL_CLIP.frames))


def rounded(name: str, value: float) -> float:
    """Return a value with the decimal places that the ledger keeps."""
    digits = KINDS[name].digits
    return round(value, digits) if digits else round(value)


@dataclass(frozen=True, slots=True)
class ClipTraits:
    """The measurements from which the scores of a clip are calculated."""

    pair_differences: Sequence[float]
    luma_change: float
    pts_seconds: Sequence[float]
    repeats: Sequence[bool] | None


def clip_scores(traits: ClipTraits, rules: Rules) -> dict[str, float]:
    """Return the requested scores of a clip, rounded."""
    values: dict[str, float] = {}
    if "cut" in rules:
        values["cut"] = cut(traits.pair_differences)
    if "fade" in rules:
        is_cut = rules.get("cut", default_rule("cut", "off")).flag(cut(traits.pair_differences)) is not None
        values["fade"] = 0.0 if is_cut else abs(traits.luma_change)
    if "repeated_frames" in rules and traits.repeats is not None:
        values["repeated_frames"] = 1 + traits.repeats.count(False)
    if "timing" in rules:
        values["timing"] = timing(traits.pts_seconds)
    return {name: rounded(name, value) for name, value in values.items()}


SLIDE_SECONDS = 0.5


def cut(pair_differences: Sequence[float]) -> float:
    """Return the largest difference if it is at least four times the median of the others, else 0."""
    *others, largest = sorted(rounded("cut", difference) for difference in pair_differences)
    return largest if largest >= CUT_TIMES_MEDIAN * statistics.median(others) else 0.0


def timing(pts_seconds: Sequence[float]) -> float:
    """Return the largest distance of two neighbouring timestamps divided by the median distance.

    The divisor is at most half a second: in a slideshow all distances are long.
    """
    gaps = [after - before for before, after in pairwise(pts_seconds)]
    return max(gaps) / min(statistics.median(gaps), SLIDE_SECONDS)


def rejection_reason(
    scores: Scores, rules: Rules, *, modes: frozenset[Mode] = frozenset({"reject"})
) -> str | None:
    """Return why scores are rejected, by the first rule in these modes that flags its value, or None."""
    for name, value in scores.items():
        rule = rules[name]
        reason = rule.flag(value) if rule.mode in modes else None
        if reason is not None:
            return reason
    return None


def words(name: str) -> str:
    """Return a score's name in words."""
    return name.replace("_", " ")
