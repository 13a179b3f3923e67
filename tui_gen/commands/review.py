"""The command `review`: shows the groups of a dataset's images; on a terminal they are changed on a screen.

Invariant: while the screen is open, no engine can begin on the dataset, and with an engine at work no screen
opens. A list is only read, and needs neither.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from typing import TextIO

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import count, display_name
from tui_gen.base.nouns import Noun
from tui_gen.commands.offered import offered
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.groups import Group, GroupReviewer
from tui_gen.contract.job import JobConfig
from tui_gen.engine.run.session import LOCK_NAME
from tui_gen.engine.storage.lock import Lock, LockedError
from tui_gen.views.text.tables import Column, LineWidth, line_width, table_lines


def list_groups(config: JobConfig, *, is_json: bool, out: TextIO) -> int:
    """Write the groups as a table or as JSON; return the exit code. Raises RefusedError."""
    _, groups = _groups_of(config)
    if is_json:
        out.write(f"{json.dumps([_entry(group) for group in groups])}\n")
    else:
        out.writelines(f"{line}\n" for line in _lines(groups, config.nouns.image, line_width(out)))
    return ExitCode.DONE


def review(config: JobConfig, *, is_ascii: bool, talk: TextIO, is_page: bool = False) -> int:
    """Open the screen, and say what was changed; return the exit code. Raises RefusedError.

    `is_page` opens it on the page that reads this process's output.
    """
    reviewer, groups = _groups_of(config)
    lock = _locked(config.run)
    if lock is None:
        talk.write(f"{_at_work(config.run)}\n")
        return ExitCode.LOCKED
    try:
        from tui_gen.commands import screen

        code, changes = screen.review_groups(
            config, reviewer, groups, is_ascii=is_ascii, is_page=is_page, on_beat=lock.beat
        )
    finally:
        lock.release()
    if changes:
        changed = "1 change is" if len(changes) == 1 else f"{count(len(changes))} changes are"
        talk.write(f"{changed} in {display_name(reviewer.place)}\n")
        talk.write(
            f"The next run goes on with the folders as they are now: {_command('tui-gen', config.run)}\n"
        )
    return code


def _groups_of(config: JobConfig) -> tuple[GroupReviewer, Sequence[Group]]:
    reviewer = offered(config.capabilities.group_reviewer, config.run.job, "review")
    try:
        groups = reviewer.groups()
    except PermissionError:
        raise  # told with owner and mode
    except OSError as error:
        message = f"{error.filename or reviewer.place}: {error.strerror}"
        raise RefusedError(message) from error
    if not groups:
        message = f"{reviewer.place}: there are no groups yet; a run makes them"
        raise RefusedError(message)
    return reviewer, groups


def _locked(config: RunConfig) -> Lock | None:
    """Return the held lock of the run folder; None if an engine holds it. Raises RefusedError."""
    try:
        config.run_folder.mkdir(parents=True, exist_ok=True)
        return Lock(config.run_folder / LOCK_NAME)
    except LockedError:
        return None
    except PermissionError:
        raise  # told with owner and mode
    except OSError as error:
        message = f"{error.filename}: {error.strerror}: nothing can be changed; list the groups with --list"
        raise RefusedError(message) from error


def _at_work(config: RunConfig) -> str:
    stop = _command("tui-gen ctl", config, order="stop")
    return (
        f"tui-gen: {display_name(str(config.output))}: an engine is at work here, or another review is open. "
        f"A paused engine still owns the files: stop it with: {stop}"
    )


def _command(program: str, config: RunConfig, order: str = "") -> str:
    path = shlex.quote(display_name(str(config.path)))
    return f"{program} -c {path} {order}" if order else f"{program} {path}"


def _lines(groups: Sequence[Group], noun: Noun, width: LineWidth) -> Iterator[str]:
    columns = [
        Column("group", may_be_cut=True, least_cells=12),
        Column(noun.many, is_number=True),
        Column("alike", is_number=True),
        Column("state"),
    ]
    rows = [
        (
            group.name,
            count(group.size),
            "-" if group.cohesion is None else f"{group.cohesion:.2f}",
            _state(group),
        )
        for group in groups
    ]
    return table_lines(columns, rows, width)


def _state(group: Group) -> str:
    return ", ".join(
        word
        for word, is_so in (
            ("noise", group.is_noise),
            ("reference", group.is_reference),
            ("by hand", group.is_pinned),
        )
        if is_so
    )


def _entry(group: Group) -> dict[str, object]:
    return {
        "id": group.id,
        "name": group.name,
        "size": group.size,
        "cohesion": group.cohesion,
        "medoids": list(group.medoids),
        "is_noise": group.is_noise,
        "is_reference": group.is_reference,
        "is_pinned": group.is_pinned,
    }
