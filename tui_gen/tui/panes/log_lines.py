"""The lines of the log, and the page about one of them: all that is recorded of a clip, or a message."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import assert_never

from rich.cells import cell_len

from tui_gen.base.formatting import count, display_name, size
from tui_gen.base.nouns import Nouns
from tui_gen.contract.clips import ClipDescriber
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.state_views import Recent
from tui_gen.engine.model.work import JsonObject, Made, Outcome, Rejected
from tui_gen.tui.view import ScreenView, name_of
from tui_gen.tui.widgets.styled_lines import Line, Role, StyledText, line, muted, wrapped

_LABEL_CELLS = 11
_LEAST_CELLS = 20
_BEFORE_TEXT = 19  # cells of the time and the kind


def event_line(state: RunState, event: Recent, describer: ClipDescriber | None = None) -> Line:
    """Return a line like `14:20:03  made  Arrival  00:45:32  difference 12.4, general small_540`."""
    when = time.strftime("%H:%M:%S", time.localtime(event.at))
    word, role, source, words = _told(event, state.nouns)
    name = display_name(name_of(state, source))
    if describer is not None and isinstance(event, ev.ClipEnded):
        place, words = _described(event.outcome, describer, words)
        name = f"{name}  {place}" if place else name
    return line(
        muted(f" {when}  "), StyledText(f"{word:<10}", role), StyledText(f"{name}  " if name else ""), words
    )


def gap_line(left_out: int) -> Line:
    """Return the line for entries that are not shown."""
    return line(muted(f"{' ' * _BEFORE_TEXT}  {count(left_out)} more"))


def _described(outcome: Outcome, describer: ClipDescriber, words: str) -> tuple[str, str]:
    """Return the place of a clip, and its facts in the words of the job."""
    if not isinstance(outcome, Made | Rejected):
        return "", words
    summary = describer.summary(outcome)
    why = (outcome.reason,) if isinstance(outcome, Rejected) else ()
    return display_name(summary.place), display_name(", ".join((*why, *summary.facts)))


def _told(event: Recent, nouns: Nouns) -> tuple[str, Role, str | None, str]:
    """Return the kind of an event, its role, its source and its text."""
    match event:
        case ev.ClipEnded(outcome=outcome):
            word, role, words = _ended(outcome, nouns)
            return word, role, outcome.clip.source, words
        case ev.ClipRetried():
            words = f"{nouns.clip.one} {event.clip.index}, try {event.attempt}: {display_name(event.reason)}"
            return "again", "plain", event.clip.source, words
        case ev.ProblemNoted():
            level: Role = "bad" if event.level == "error" else "warn"
            return event.level, level, event.source, display_name(event.text)
        case ev.FactsLearned():
            return "learned", "muted", event.source, f"by {display_name(event.stage)}"
        case ev.SourceFoundUnusable():
            return "unusable", "bad", event.source, display_name(event.reason)
    assert_never(event)


def _ended(outcome: Outcome, nouns: Nouns) -> tuple[str, Role, str]:
    clip = f"{nouns.clip.one} {outcome.clip.index}"
    if isinstance(outcome, Made):
        taken = sum(patch.size_bytes for patch in outcome.patches)
        gave = nouns.patch.counted(len(outcome.patches))
        if not all(nouns.is_image(patch.category) for patch in outcome.patches):
            gave = ", ".join(display_name(patch.category) for patch in outcome.patches)
        return "made", "good", f"{clip}: {gave}, {size(taken)}, {outcome.seconds:.1f} s"
    words = f"{clip}: {display_name(outcome.reason)}"
    return ("rejected", "warn", words) if isinstance(outcome, Rejected) else ("failed", "bad", words)


# ------------------------------------------------------------------ the page about a line


def event_page(
    view: ScreenView, event: Recent, describer: ClipDescriber | None, *, width: int
) -> tuple[str, list[str]]:
    """Return the title and the lines of the page about an event, for so many cells."""
    state = view.state
    word, _, source, words = _told(event, state.nouns)
    facts = [("time", time.strftime("%a %d %b %Y %H:%M:%S", time.localtime(event.at))), ("what", word)]
    found = state.sources.get(source or "")
    if found is not None:
        facts += [(state.nouns.source.one, found.name), ("path", found.path)]
    if isinstance(event, ev.ClipEnded):
        outcome = event.outcome
        facts += [("machine", event.machine)] if event.machine else []
        facts += [*_of_outcome(outcome, event.stage, state.nouns), *_recorded(outcome, describer)]
        return f"{name_of(state, source)}: {state.nouns.clip.one} {outcome.clip.index}", _lines(facts, width)
    facts.append(("text", words))
    if isinstance(event, ev.ProblemNoted | ev.SourceFoundUnusable) and event.detail:
        facts.append(("detail", event.detail))
    return word, _lines(facts, width)


def _of_outcome(outcome: Outcome, stage: str, nouns: Nouns) -> Iterator[tuple[str, str]]:
    """Yield the facts that the clips of all jobs have."""
    if not isinstance(outcome, Made):
        yield "why", outcome.reason
    attempts = f", {outcome.attempts} {'try' if outcome.attempts == 1 else 'tries'}"
    yield "took", f"{outcome.seconds:.1f} s" + (attempts if nouns.has_attempts else "")
    yield "stage", stage
    if isinstance(outcome, Made):
        for patch in outcome.patches:
            yield "gave", f"{patch.category}: {size(patch.size_bytes)}"
        for category, reason in outcome.rejected:
            yield "gave not", f"{category}: {reason}"
    elif outcome.detail:
        yield "detail", outcome.detail


def _recorded(outcome: Outcome, describer: ClipDescriber | None) -> Iterator[tuple[str, str]]:
    """Yield the facts that the job records: in its words, or as they stand in the ledger."""
    if not isinstance(outcome, Made | Rejected):
        return
    if describer is not None:
        yield from describer.facts(outcome)
        return
    yield from _as_recorded(outcome.record)
    for patch in outcome.patches if isinstance(outcome, Made) else ():
        yield from _as_recorded(patch.record)


def _as_recorded(record: JsonObject) -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        yield key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _lines(facts: list[tuple[str, str]], width: int) -> list[str]:
    """Return facts as lines: long sentences go on below, a long path is whole on a line of its own."""
    cells = max([_LABEL_CELLS, *(len(label) for label, _ in facts)])
    room = max(_LEAST_CELLS, width - cells - 1)
    lines: list[str] = []
    for label, text in facts:
        rows = [row for paragraph in text.split("\n") for row in _rows(paragraph, room)]
        for number, row in enumerate(rows):
            start = display_name(label) if number == 0 else ""
            is_own = cell_len(row) > room
            lines += [start] if is_own and start else []
            lines.append(f"  {row}" if is_own else f"{start:<{cells}} {row}".rstrip())
    return lines


def _rows(paragraph: str, room: int) -> list[str]:
    return wrapped(paragraph, room) if " " in paragraph else [display_name(paragraph)]
