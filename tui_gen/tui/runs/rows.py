"""The lines of the list of runs: a row for each run, and all about the run under the cursor. Pure.

A narrow screen leaves out the job, then the verdict; the lines below the list have all of it.
"""

from __future__ import annotations

from tui_gen.base.formatting import display_name
from tui_gen.engine.model.run_verdict import Level
from tui_gen.tui.widgets.styled_lines import (
    Line,
    Role,
    StyledText,
    fit,
    fit_end,
    fit_right,
    foreign,
    line,
    muted,
    wrapped,
)
from tui_gen.views.text.run_rows import RunRow

ROLES: dict[Level, Role] = {"good": "good", "note": "accent", "warning": "warn", "error": "bad"}
_MARKS: dict[Level, str] = {"good": " ", "note": " ", "warning": "!", "error": "!"}
_STATE, _DONE, _LEFT, _PACE, _JOB = 9, 7, 7, 7, 10
_GAP = 2
_LEAST_FOLDER, _MOST_FOLDER, _LEAST_VERDICT = 14, 60, 22
_JOB_FROM, _CONFIG_FROM, _CONFIG = 110, 170, 40


class Columns:
    """The columns that fit into a width."""

    def __init__(self, width: int) -> None:
        """Divide `width` cells."""
        self.has_job, self.has_config = width >= _JOB_FROM, width >= _CONFIG_FROM
        fixed = 1 + _STATE + 1 + _DONE + _LEFT + _PACE + 3 * _GAP
        fixed += _JOB + _GAP if self.has_job else 0
        fixed += _CONFIG + _GAP if self.has_config else 0
        room = width - fixed - _GAP
        folder = min(_MOST_FOLDER, max(_LEAST_FOLDER, room * 2 // 5))
        self.verdict = room - folder - _GAP
        if self.verdict < _LEAST_VERDICT:
            self.verdict, folder = 0, room
        self.folder = folder

    def heading(self) -> Line:
        """Return the titles of the columns."""
        parts = [f" {fit('state', _STATE + 1)}"]
        parts += [fit_right(title, cells) for title, cells in self._titles()]
        parts += [fit("job", _JOB)] if self.has_job else []
        parts.append(fit("folder", self.folder))
        parts += [fit("configuration", _CONFIG)] if self.has_config else []
        parts += ["verdict"] if self.verdict else []
        return line(muted((" " * _GAP).join(parts)))

    def _titles(self) -> list[tuple[str, int]]:
        return [("done", _DONE), ("left", _LEFT), ("per min", _PACE)]

    def row(self, run: RunRow) -> Line:
        """Return the row of a run."""
        gap, role = " " * _GAP, ROLES[run.level]
        parts: list[StyledText | str] = [" ", StyledText(fit(run.word, _STATE), role)]
        parts.append(StyledText(_MARKS[run.level], role))
        for text, (_, cells) in zip(run.numbers, self._titles(), strict=True):
            parts += [gap, fit_right(text, cells)]
        if self.has_job:
            parts += [gap, muted(foreign(run.job or "-", _JOB))]
        parts += [gap, StyledText(fit_end(display_name(run.output), self.folder), "strong")]
        if self.has_config:
            parts += [gap, muted(fit_end(display_name(run.config or "-"), _CONFIG))]
        if self.verdict:
            parts += [gap, fit(run.line, self.verdict)]
        return line(*parts)


def detail_lines(run: RunRow | None, width: int, height: int) -> list[Line]:
    """Return all about a run: its configuration, its folder, and the verdict as far as there is room."""
    if run is None:
        return []
    cells = width - 2
    job = f"{display_name(run.job)}  " if run.job else ""
    pid = f"  process {run.pid}" if run.is_engine_there and run.pid is not None else ""
    room = cells - len(job) - len(pid)
    lines = [line(" ", muted(job), fit_end(display_name(run.config or run.output), room), muted(pid))]
    role = ROLES[run.level] if run.level in {"warning", "error"} else "plain"
    said = (
        [run.line] if run.is_engine_there or not run.start_hint else [run.line, display_name(run.start_hint)]
    )
    lines += [line(" ", StyledText(text, role)) for words in said for text in wrapped(words, cells)]
    return lines[:height]
