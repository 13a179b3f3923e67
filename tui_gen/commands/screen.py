"""Opens the screens: for the engine of a configuration, for a status file, and for a first start."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import display_name
from tui_gen.base.nouns import Nouns
from tui_gen.commands import engine_client
from tui_gen.commands.attached import READ_ONLY, AttachedController, ReadOnlyController, WatchingController
from tui_gen.commands.engine_client import StartedEngine
from tui_gen.commands.next_steps import as_typed
from tui_gen.commands.recorded_run import RecordedRun
from tui_gen.commands.remote_controller import LiveController, MonitorController
from tui_gen.commands.run_end import end_of, end_of_watched
from tui_gen.contract.groups import Group, GroupReviewer
from tui_gen.contract.job import JobConfig, JobModule
from tui_gen.contract.scan import FoundSource, ScanFindings
from tui_gen.tui.app import TuiGenApp
from tui_gen.tui.dialogs.first_run import FirstRunApp, NextStep
from tui_gen.tui.exit_message import exit_lines
from tui_gen.tui.groups.app import GroupsApp
from tui_gen.tui.panes.patch_preview import PatchPreview
from tui_gen.tui.panes.preview import Preview
from tui_gen.tui.review.review import ReviewApp
from tui_gen.tui.review.rows import ReviewRow
from tui_gen.tui.runs.app import RunsApp
from tui_gen.tui.terminal.ascii import plain
from tui_gen.tui.terminal.driver import AsciiDriver
from tui_gen.tui.terminal.page_driver import PAGE_DESCRIPTOR, PageDriver
from tui_gen.tui.terminal.session import run_screen
from tui_gen.views.text.run_rows import RunRow, RunsSeen
from tui_gen.views.text.tables import line_width

SCREEN_LOG = "screen.log"

__all__ = ["first_run", "monitor", "open_screen", "page", "review", "review_groups", "run_list"]


def open_screen(
    config: JobConfig, flags: Sequence[str], lasting: Sequence[str] = (), *, is_ascii: bool = False
) -> int:
    """Connect a screen to a configuration's engine; start one if none runs. Raises RefusedError.

    `flags` are those of the first engine, `lasting` those of all engines that the screen starts.
    """
    flags = [*flags, *lasting]
    engine = None
    if engine_client.is_running(config.run):
        if flags:
            message = (
                f"an engine is working on {config.run.output} already; {' '.join(flags)} would change "
                "nothing: leave the flags away to attach, or stop it first with: tui-gen ctl stop"
            )
            raise RefusedError(message)
    else:
        sys.stderr.write(f"Starting the engine for {display_name(str(config.run.output))} ...\n")
        engine = asyncio.run(engine_client.start_and_wait(config.run, flags))
    app = _app_of(config, engine, lasting, is_ascii=is_ascii)
    code = run_screen(app, config.run.run_folder / SCREEN_LOG)
    if app.left is not None:
        lines = exit_lines(app.left, as_typed(config.run.path), line_width(sys.stderr))
        sys.stderr.writelines(f"{plain(line) if is_ascii else line}\n" for line in lines)
    return code


def _app_of(
    config: JobConfig, engine: StartedEngine | None, flags: Sequence[str] = (), *, is_ascii: bool
) -> TuiGenApp:
    """Return a screen that is connected to a configuration's engine; `engine` was started for it.

    `flags` are those of an engine that the screen starts in the place of one that died.
    """
    controller = LiveController(config.run, engine, RecordedRun(config).state, flags)
    app = TuiGenApp(
        controller,
        keymap=config.run.keymap,
        notices=config.run.notices,
        preview=preview_of(config, has_strip=not is_ascii),
        on_restart=controller.restart,
        nouns=config.nouns,
        end_of=partial(end_of, config),
        timelines=controller.timelines,
        clip_describer=config.capabilities.clip_describer,
    )
    set_letters(app, is_ascii=is_ascii)
    return app


def set_letters(app: App[Any], *, is_ascii: bool) -> None:
    """Draw with ASCII characters only, if requested."""
    if is_ascii:
        app.driver_class = AsciiDriver


def monitor(status_path: Path, preview: Preview | None = None, *, is_ascii: bool = False) -> int:
    """Show a run through its status file."""
    app = TuiGenApp(MonitorController(status_path), preview=preview, is_read_only=True, end_of=end_of_watched)
    set_letters(app, is_ascii=is_ascii)
    return run_screen(app)


def page(config: JobConfig, *, may_steer: bool) -> int:
    """Show a configuration's run on the page that reads this process's output. Starts no engine."""
    recorded = RecordedRun(config).state
    controller_of = AttachedController if may_steer else WatchingController
    controller = controller_of(config.run, recorded=recorded)
    app = TuiGenApp(
        controller if may_steer else ReadOnlyController(controller),
        keymap=config.run.keymap,
        notices=config.run.notices,
        preview=preview_of(config),
        is_read_only=not may_steer,
        watch_reason="" if may_steer else READ_ONLY,
        nouns=config.nouns,
        end_of=partial(end_of, config),
        timelines=controller.timelines,
        clip_describer=config.capabilities.clip_describer,
    )
    app.driver_class = PageDriver
    return run_screen(app, descriptor=PAGE_DESCRIPTOR)


def run_list(
    look: Callable[[], Awaitable[RunsSeen]],
    config_of: Callable[[RunRow], JobConfig],
    *,
    is_ascii: bool = False,
) -> int:
    """Show the list of runs, and the screen of each run that the user opens in it, until the list is left.

    `config_of` returns the configuration of a run, or raises RefusedError with what the list then says.
    """
    chosen, notice, theme = None, "", None
    while True:
        app = RunsApp(look, socket.gethostname(), chosen=chosen, notice=notice)
        app.theme = theme or app.theme
        set_letters(app, is_ascii=is_ascii)
        code, run = run_screen(app), app.return_value
        if code or run is None:
            return code
        chosen, theme = run.key, app.theme
        try:
            config = config_of(run)
        except RefusedError as refusal:
            notice = str(refusal)
            continue
        shown = _app_of(config, None, is_ascii=is_ascii)
        shown.theme = theme
        code, notice = run_screen(shown, config.run.run_folder / SCREEN_LOG), ""
        theme = shown.theme
        if shown.exit_code is not None:  # a signal ended it, and is meant for the whole program
            return code


def first_run(job: JobModule, reason: str, scan: Callable[[str], int], demo: Callable[[], int]) -> int:
    """Describe the program and the job, and carry out the user's choice."""
    app = FirstRunApp(reason, job.capabilities().about, job.nouns())
    code = run_screen(app)
    step = app.return_value
    if not isinstance(step, NextStep):
        return code or ExitCode.STOPPED
    return demo() if step.kind == "demo" else scan(step.folder)


def review(title: str, findings: ScanFindings, nouns: Nouns) -> tuple[int, tuple[FoundSource, ...] | None]:
    """Show the review of a scan's findings; return the exit code, and the sources to save or None."""
    rows = [
        ReviewRow(
            key=source.key,
            name=source.name,
            weights=source.weights,
            priority=source.priority,
            is_in=source.is_in,
            facts=source.facts,
            why=source.why,
        )
        for source in findings.sources
    ]
    app = ReviewApp(title, findings.categories, rows, nouns)
    code = run_screen(app)
    kept = app.return_value
    if code or kept is None:
        return code or ExitCode.STOPPED, None
    return code, tuple(
        FoundSource(
            key=row.key,
            name=row.name,
            weights=row.weights,
            priority=row.priority,
            is_in=row.is_in,
            facts=row.facts,
            why=row.why,
        )
        for row in kept
    )


def review_groups(  # noqa: PLR0913  (each stands for one thing outside the screen)
    config: JobConfig,
    reviewer: GroupReviewer,
    groups: Sequence[Group],
    *,
    on_beat: Callable[[], None],
    is_ascii: bool = False,
    is_page: bool = False,
) -> tuple[int, Sequence[str]]:
    """Show the review of groups; return the exit code, and a sentence for each change that was kept.

    `on_beat` is called every few seconds. `is_page` shows it on the page that reads this process's output.
    """
    app = GroupsApp(
        reviewer, groups, config.nouns, keymap=config.run.keymap, on_beat=on_beat, is_ascii=is_ascii
    )
    log = config.run.run_folder / SCREEN_LOG
    if is_page:
        app.driver_class = PageDriver
        code = run_screen(app, log, descriptor=PAGE_DESCRIPTOR)
    else:
        code = run_screen(app, log)
    return code, app.changes


def preview_of(config: JobConfig, *, has_strip: bool = True) -> Preview | None:
    """Return what draws the newest patches of a configuration, or None if its patches are no images."""
    previewer = config.capabilities.previewer
    if previewer is None:  # a job whose patches are not images
        return None
    return PatchPreview(previewer, has_strip=has_strip)
