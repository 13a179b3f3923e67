"""`tui-gen report` and `tui-gen sheet`, and the page at the end of a run. The dataset is only read.

A failure to write a report is printed and has no other effect.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import display_name
from tui_gen.base.html import write_page
from tui_gen.commands.offered import offered
from tui_gen.commands.split import near_duplicate_line
from tui_gen.contract.job import JobConfig
from tui_gen.contract.report import ReportSection
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.end_totals import end_totals
from tui_gen.engine.model.metrics import metrics_of
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.session import LEDGER_NAME, LOCK_NAME
from tui_gen.engine.storage.history import read_history, replay_history
from tui_gen.engine.storage.lock import is_held
from tui_gen.views.html.report import report_page
from tui_gen.views.text.end_words import course_lines
from tui_gen.views.text.progress import say_long_reading
from tui_gen.views.text.sections import section_lines
from tui_gen.views.text.summary import summary_lines
from tui_gen.views.text.tables import line_width

log = logging.getLogger(__name__)

PAGE_NAME = "report.html"
SHEET_FOLDER = "sheet"


def report(config: JobConfig, *, page_path: Path | None, out: TextIO, talk: TextIO) -> int:
    """Write the report as text to `out`, and as a page. Raises RefusedError."""
    planner = offered(config.capabilities.planner, config.run.job, "report")
    run_folder = config.run.run_folder
    ledger = run_folder / LEDGER_NAME
    if not ledger.is_file():
        message = f"{ledger}: there is no ledger: nothing was made here yet"
        raise RefusedError(message)
    say_long_reading(ledger, talk)
    is_at_work, now = is_held(run_folder / LOCK_NAME), time.time()
    state, history, damage = replay_history(run_folder)
    at = state.worked_until  # `check` may have looked at sources since
    state.apply(ev.JobDescribed(at, config.nouns))
    state.apply(planner.expected(state.records, at))
    if near := "" if is_at_work else near_duplicate_line(config, state.records):
        text = f"{near}; move them with: tui-gen split --move"
        state.apply(ev.ProblemNoted(at, "warning", text))
    until = now if is_at_work else state.last_at
    lines = summary_lines(state, history, line_width(out), now=until, is_at_work=is_at_work)
    out.writelines(f"{line}\n" for line in lines)
    sections = own_sections(config, state)
    out.writelines(f"{line}\n" for line in section_lines(sections, line_width(out)))
    out.flush()
    talk.writelines(f"{LEDGER_NAME}, {display_name(line)}\n" for line in damage)
    path = page_path or run_folder / PAGE_NAME
    try:
        page = report_page(state, history, now=now, is_at_work=is_at_work, sections=sections)
        write_page(path, page)
    except OSError as error:
        message = f"{path}: cannot be written ({error.strerror}); choose another place with -o"
        raise RefusedError(message) from error
    talk.write(f"Page: {display_name(str(path))}\n")
    return ExitCode.DONE


def own_sections(config: JobConfig, state: RunState) -> Sequence[ReportSection]:
    """Return the job's own sections; if files cannot be read, one that says so."""
    describer = config.capabilities.describer
    if describer is None:
        return ()
    try:
        return describer.sections(state.records)
    except OSError as error:
        place = error.filename or config.run.output
        return (ReportSection("Not described", f"{place}: cannot be read ({error.strerror})"),)


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """The arguments of a contact sheet; None for the defaults."""

    folder: Path | None
    per_category: int
    seed: int | None


def sheet(config: JobConfig, request: SheetRequest, *, out: TextIO, talk: TextIO) -> int:
    """Draw a contact sheet, and write the path of its page to `out`. Raises RefusedError."""
    sheet_maker = offered(config.capabilities.sheet_maker, config.run.job, "sheet")
    folder = request.folder or config.run.run_folder / SHEET_FOLDER
    say_long_reading(config.run.run_folder / LEDGER_NAME, talk)
    try:
        made = sheet_maker.sheet(folder, per_category=request.per_category, seed=request.seed)
    except OSError as error:
        message = f"{error.filename or folder}: {error.strerror}; choose another folder with -o"
        raise RefusedError(message) from error
    talk.writelines(f"{display_name(line)}\n" for line in made.wrong)
    talk.write(f"{config.nouns.patch.counted(made.patches)}; open in a browser:\n")
    talk.flush()
    out.write(f"{display_name(str(made.page))}\n")
    return ExitCode.DONE


def leave_page(config: JobConfig, state: RunState, say: Callable[[str], None] | None = None) -> str:
    """Write the page of a run that has ended; return a line with its path, or the reason for a failure.

    `state` is that of the run: it has missing sources and warnings, which are not in the ledger. `say` gets
    the lines about the run's course, which are read for the page.
    """
    path = config.run.run_folder / PAGE_NAME
    try:
        history = read_history(config.run.run_folder)
        sections = own_sections(config, state)
        page = report_page(state, history, now=time.time(), is_at_work=False, sections=sections)
        write_page(path, page)
        totals = end_totals(state, metrics_of(state, state.last_at), history.course)
        if say is not None and (lines := list(course_lines(totals, state.nouns))):
            say("\n".join(lines))
    except OSError as error:
        log.warning("no report: %s: %s", path, error)
        return f"No report: {display_name(str(path))}: {error.strerror}"
    except KeyboardInterrupt:
        return "No report: interrupted; write it with: tui-gen report"
    except Exception as error:
        log.exception("no report")
        return f"No report: internal error ({display_name(repr(error))}); please report this"
    return f"Report: {display_name(str(path))}"
