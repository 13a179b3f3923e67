"""Warnings and errors of a run: repeated problems are counted, corrected numbers replace old ones. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tui_gen.base.nouns import Noun
from tui_gen.engine.model import events as ev

PROBLEMS_KEPT = 500
LOW_SUCCESS_RATE = 0.8
"""A source with a lower share of made clips causes a warning."""
LOW_SUCCESS_CLIPS = 20
"""With fewer ended clips, the share of a source is not judged."""


@dataclass(slots=True)
class Problem:
    """A warning or an error; repeated ones are counted."""

    level: str
    text: str
    source: str | None
    detail: str
    first_at: float
    last_at: float
    count: int = 1


def note_problem(problems: list[Problem], event: ev.ProblemNoted) -> list[Problem]:
    """Append a problem, or count it if the same text was noted about the same source.

    Return the oldest problems that are dropped to make room.
    """
    for position, problem in enumerate(problems):
        if problem.text == event.text and problem.source == event.source:
            problem.count += 1
            problem.last_at = event.at
            problem.detail = event.detail or problem.detail
            problems.append(problems.pop(position))
            return []
    problems.append(Problem(event.level, event.text, event.source, event.detail, event.at, event.at))
    dropped = problems[:-PROBLEMS_KEPT]
    del problems[:-PROBLEMS_KEPT]
    return dropped


def corrected_problems(
    problems: list[Problem], before: Collection[str], now: Collection[str], at: float
) -> Iterator[str]:
    """Replace warnings that only differ from an earlier one in their numbers; yield those that are new.

    `before` and `now` are the warnings of the last plan and of this one.
    """
    outdated = {_without_numbers(text): text for text in before if text not in now}
    for text in now:
        if text in before:
            continue
        old = outdated.pop(_without_numbers(text), None)
        same = next((each for each in problems if not each.source and each.text == old), None)
        if same is None:
            yield text
        else:
            same.text, same.last_at = text, at


def _without_numbers(text: str) -> str:
    return "".join(letter for letter in text if not letter.isdecimal())


def low_success(made: int, ended: int, clip: Noun) -> str:
    """Return a warning if few of the ended clips of a source were made, else ""."""
    if ended < LOW_SUCCESS_CLIPS or made / ended >= LOW_SUCCESS_RATE:
        return ""
    return f"low success rate: {made / ended:.1%} of {clip.counted(ended)}, below {LOW_SUCCESS_RATE:.0%}"
