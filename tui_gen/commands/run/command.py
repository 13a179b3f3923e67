"""The whole command `tui-gen run`: opens a run, performs it, prints its end and writes the report."""

from __future__ import annotations

import contextlib
import logging
import shlex
import sys
from pathlib import Path

from tui_gen.base.console_output import ConsoleOutput
from tui_gen.base.formatting import count, display_name
from tui_gen.commands.next_steps import as_typed, next_steps
from tui_gen.commands.run.opening import RunRequest, check_fresh, open_run
from tui_gen.commands.run.performing import perform
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.state import RunState
from tui_gen.engine.run.disk_guard import identity
from tui_gen.engine.run.run_log import LOG_NAME, logging_to
from tui_gen.engine.run.session import LEDGER_NAME, Session
from tui_gen.views.text.final_lines import final_lines
from tui_gen.views.text.progress import long_reading
from tui_gen.views.text.run_lines import saved_lines
from tui_gen.views.text.tables import line_width

log = logging.getLogger("tui_gen")

_STOP_NOW = 2
"""The number of signals after which the run stops at once."""


def run(request: RunRequest) -> int:
    """Run to the end and return the exit code. Raises RefusedError, LockedError."""
    if request.is_fresh:
        from tui_gen.commands.run.starting_over import archive_previous

        check_fresh(request)
        archive_previous(request.config)
    talk = ConsoleOutput(sys.stdout, sys.stderr, is_json=request.is_json)
    try:
        return _run(request, talk)
    finally:
        talk.close()


def _run(request: RunRequest, talk: ConsoleOutput) -> int:
    session, opened = open_run(request, talk)
    try:
        began_in = identity(request.config.run.run_folder)
        done = perform(request, session, opened, talk)
        if len(done.signals) < _STOP_NOW and _stands(request.config.run.run_folder, began_in):
            _move_near_duplicates(request, session, talk)
        _say_the_end(request, session.state, done.ended, talk, session.now())
    finally:
        session.close()
    # The run folder is released already, because the page of a run of a million clips takes long.
    if _stands(request.config.run.run_folder, began_in):
        _leave_page(request, session.state, talk)
    return done.exit_code


def _stands(run_folder: Path, began_in: tuple[int, int]) -> bool:
    """Return whether a folder is still the one in which the run began; no other folder is written to."""
    try:
        return identity(run_folder) == began_in
    except OSError:
        return False


def _move_near_duplicates(request: RunRequest, session: Session, talk: ConsoleOutput) -> None:
    """Move training patches that are near duplicates of held-out patches out of the training folders."""
    from tui_gen.commands.split import move_near_duplicates

    try:
        moved = move_near_duplicates(request.config, session)
    except OSError as error:
        place = error.filename or request.config.run.output
        text = f"{place}: {error.strerror}; go on with: tui-gen split --move"
        log.warning("%s", text)
        patches = request.config.nouns.patch.many
        talk.say(f"Training {patches} that are near duplicates were not moved: {display_name(text)}")
        return
    if moved:
        patch = request.config.nouns.patch
        talk.say(
            f"Moved {count(moved)} training {patch.of(moved)} that are near duplicates of held-out "
            f"{patch.many} to folders of their own."
        )


def _leave_page(request: RunRequest, state: RunState, talk: ConsoleOutput) -> None:
    from tui_gen.commands.report import leave_page

    with contextlib.ExitStack() as logged:
        with contextlib.suppress(OSError):  # the page in the same folder reports the failure
            logged.enter_context(logging_to(request.config.run.run_folder / LOG_NAME))
        if notice := long_reading(request.config.run.run_folder / LEDGER_NAME):
            talk.say(f"All is saved. Writing the report: {notice}")
        talk.say(leave_page(request.config, state, talk.say))
        if lines := talk.close():
            log.warning("the last %d lines of the report were not shown: nobody read them in time", lines)


def _say_the_end(
    request: RunRequest, state: RunState, ended: ev.RunEnded, talk: ConsoleOutput, now: float
) -> None:
    config = request.config
    if ended.result == "stopped":
        command = f"tui-gen run {shlex.quote(str(config.run.path))}"
        talk.say(*saved_lines(state, ledger=str(config.run.run_folder / LEDGER_NAME), command=command))
    else:
        talk.say(*final_lines(state, now, line_width(talk.out)))
        if config.capabilities.describer is not None and ended.result == "finished":
            from tui_gen.commands.report import own_sections
            from tui_gen.views.text.sections import section_lines

            talk.say(*section_lines(own_sections(config, state), line_width(talk.out)))
    talk.say(*(display_name(line) for line in next_steps(config, state, as_typed(config.run.path))))
