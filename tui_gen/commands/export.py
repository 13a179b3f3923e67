"""`tui-gen export`: writes the patches in the layouts of other trainers.

The written files are listed on stdout, as lines or JSON; progress and omissions go to stderr.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TextIO

from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import count, display_name
from tui_gen.base.nouns import Noun
from tui_gen.commands.offered import offered
from tui_gen.contract.export import Exported, ExportRequest
from tui_gen.contract.job import JobConfig
from tui_gen.engine.run.session import replay
from tui_gen.views.text.progress import Progress

DAMAGED_SHOWN = 20


def export(config: JobConfig, request: ExportRequest, *, is_json: bool, out: TextIO, talk: TextIO) -> int:
    """Write an export and report on it; return the exit code. Raises RefusedError."""
    exporter = offered(config.capabilities.exporter, config.run.job, "export")
    talk.write("Reading the ledger ...\n")
    talk.flush()
    state, _ = replay(config.run.run_folder)
    progress = Progress(talk, 0, config.nouns.patch.many, doing="exported")

    def show(done: int, total: int) -> None:
        progress.total = total
        progress.show(done)

    def note(text: str) -> None:
        talk.write(f"Note: {text}\n")
        talk.flush()

    try:
        exported = exporter.export(state.records, request, on_done=show, on_note=note)
    except OSError as error:
        progress.clear()
        where = display_name(str(error.filename or request.folder))
        talk.write(
            f"Stopped: {where}: {error.strerror}. What is written is kept; the same command goes on.\n"
        )
        return ExitCode.STOPPED
    progress.clear()
    talk.writelines(f"{line}\n" for line in _remarks(exported, config.nouns.patch))
    if is_json:
        out.write(f"{json.dumps(_entry(exported))}\n")
    else:
        out.writelines(f"{line}\n" for line in _lines(exported, config.nouns.patch))
    return ExitCode.WITH_GAPS if exported.damaged else ExitCode.DONE


def _lines(exported: Exported, noun: Noun) -> Iterator[str]:
    patches = noun.counted(sum(tree.patches for tree in exported.trees))
    yield f"Exported {patches} to {_shown(exported.folder)}"
    for tree in exported.trees:
        yield f"{count(tree.patches):>9}  {display_name(tree.folder)}"


def _remarks(exported: Exported, noun: Noun) -> Iterator[str]:
    for reason, number in sorted(exported.left_out.items()):
        yield f"Left out: {noun.counted(number)}: {reason}"
    for line in exported.damaged[:DAMAGED_SHOWN]:
        yield f"Not exported: {display_name(line)}"
    if len(exported.damaged) > DAMAGED_SHOWN:
        yield f"Not exported: {count(len(exported.damaged) - DAMAGED_SHOWN)} more"
    if exported.damaged:
        yield "Make them again with: tui-gen verify --repair"
    for note in exported.notes:
        yield f"Note: {note}"


def _entry(exported: Exported) -> dict[str, object]:
    return {
        "folder": str(exported.folder),
        "trees": [
            {
                "folder": tree.folder,
                "category": tree.category,
                "format": tree.format,
                "split": tree.split,
                "patches": tree.patches,
            }
            for tree in exported.trees
        ],
        "left_out": dict(exported.left_out),
        "damaged": list(exported.damaged),
        "notes": list(exported.notes),
    }


def _shown(path: object) -> str:
    return display_name(str(path))
