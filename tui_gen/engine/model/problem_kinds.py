"""Groups the problems of a run by kind: one fact, and the sources that it is about. Pure.

Problems are of one kind if their texts differ only in numbers and in the names of sources. Errors come before
warnings, and new kinds before old ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tui_gen.base.nouns import Noun
from tui_gen.engine.model.problems import Problem
from tui_gen.engine.model.state import RunState

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MEASURED = re.compile(r"\d+\.\d+")
_UNLIKE = "N"
"""Stands for a whole number that is not the same in all problems of a kind: it may be a clip's."""


@dataclass(frozen=True, slots=True)
class About:
    """One problem, with its fact apart from its source."""

    problem: Problem
    fact: str  # untrusted text, without the source's name
    source: str | None
    name: str  # of the source; untrusted text, or empty


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """The problems of one kind, the newest first."""

    level: str
    pattern: str  # the fact without numbers: with the level, it tells a kind from others
    fact: str  # untrusted text
    members: tuple[About, ...]

    @property
    def names(self) -> list[str]:
        """The names of the sources, each once."""
        return list(dict.fromkeys(member.name for member in self.members if member.name))

    @property
    def source(self) -> str | None:
        """The source, if it is the only one."""
        sources = {member.source for member in self.members}
        return sources.pop() if len(sources) == 1 else None

    @property
    def times(self) -> int:
        """How often a problem of this kind was noted."""
        return sum(member.problem.count for member in self.members)

    def subject(self, noun: Noun) -> str:
        """Return `7 videos`, or the name of the only source; empty if the problem is about none."""
        names = self.names
        return noun.counted(len(names)) if len(names) > 1 else "".join(names)

    def text(self, noun: Noun) -> str:
        """Return `7 videos: file not found`, or `file not found: Arrival`."""
        subject = self.subject(noun)
        if not subject:
            return self.fact
        return f"{subject}: {self.fact}" if len(self.names) > 1 else f"{self.fact}: {subject}"


def problem_kinds(state: RunState) -> list[ProblemKind]:
    """Return the kinds of the problems of a state, the most important first."""
    ids = {source.name: source.id for source in state.sources.values()}
    found: dict[tuple[str, str], list[About]] = {}
    for problem in reversed(state.problems):
        about = _about(problem, state, ids)
        found.setdefault((problem.level, _NUMBER.sub("", about.fact)), []).append(about)
    kinds = [ProblemKind(*key, _common(members), tuple(members)) for key, members in found.items()]
    return sorted(kinds, key=lambda kind: kind.level != "error")


def _about(problem: Problem, state: RunState, ids: Mapping[str, str]) -> About:
    known = state.sources.get(problem.source) if problem.source else None
    if known is not None:
        return About(problem, problem.text, known.id, known.name)
    for name in _beginnings(problem.text):  # warnings of a plan begin with the name
        if name in ids:
            return About(problem, problem.text[len(name) + 2 :], ids[name], name)
    return About(problem, problem.text, problem.source, problem.source or "")


def _beginnings(text: str) -> Iterator[str]:
    """Yield what stands before each colon."""
    end = text.find(": ")
    while end > 0:
        yield text[:end]
        end = text.find(": ", end + 1)


def _common(members: list[About]) -> str:
    """Return the fact of all members; of numbers that differ, the range or a letter."""
    first = members[0].fact
    rows = [_NUMBER.findall(member.fact) for member in members]
    columns = iter(zip(*rows, strict=True))
    return _NUMBER.sub(lambda _: _common_number(next(columns)), first)


def _common_number(written: tuple[str, ...]) -> str:
    """Return the number that all have, the range of measured numbers, or a letter."""
    if len(set(written)) == 1:
        return written[0]
    if not all(_MEASURED.fullmatch(number) for number in written):
        return _UNLIKE
    return f"{min(written, key=float)} to {max(written, key=float)}"
