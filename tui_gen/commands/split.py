"""`tui-gen split`: chooses the sources that are held out for validation or a test, by hand or by suggestion.

The list goes to stdout. Written changes and further steps go to stderr.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.base.formatting import count, display_name
from tui_gen.base.nouns import Nouns
from tui_gen.commands.offered import offered
from tui_gen.contract.job import JobConfig
from tui_gen.contract.registry import read_config
from tui_gen.contract.split import SourcePart, Splitter
from tui_gen.engine.model import events as ev
from tui_gen.engine.model.stage_records import SourceRecord
from tui_gen.engine.run.session import Session, replay
from tui_gen.views.text.tables import Column, LineWidth, line_width, table_lines


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """The arguments of the command."""

    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)  # part -> names of sources
    suggested_share: float | None = None
    is_move: bool = False
    is_json: bool = False


def split(config: JobConfig, request: SplitRequest, *, out: TextIO, talk: TextIO) -> int:
    """Choose, move or suggest, then list; return the exit code. Raises RefusedError, LockedError."""
    splitter = _splitter(config)
    state, _ = replay(config.run.run_folder)
    if any(request.chosen.values()):
        parts = splitter.parts(state.records)
        chosen = [(part, name) for part, names in request.chosen.items() for name in names]
        splits = {_named(parts, name, config.nouns).source: part for part, name in chosen}
        try:
            splitter.choose(state.records, splits)
        except OSError as error:
            message = f"{config.run.path}: cannot be written: {error.strerror}"
            raise RefusedError(message) from error
        config = read_config(config.run.path)
        splitter = _splitter(config)
        talk.write(f"Written: {display_name(str(config.run.path))}\n")
    if request.is_move:
        _move(config, splitter, talk)
        state, _ = replay(config.run.run_folder)
    if request.suggested_share is not None:
        suggested = splitter.suggest(state.records, request.suggested_share)
        _tell_suggestion(suggested, splitter.parts(state.records), config.nouns, out=out, talk=talk)
        return ExitCode.DONE
    parts = splitter.parts(state.records)
    if request.is_json:
        entries = [
            {"id": p.source, "name": p.name, "split": p.split, "group": p.group, "made": dict(p.made)}
            for p in parts
        ]
        out.write(f"{json.dumps(entries)}\n")
    else:
        out.writelines(f"{line}\n" for line in _lines(parts, config.nouns, line_width(out)))
    talk.writelines(
        f"An export leaves out {config.nouns.patch.counted(number)}: {reason}\n"
        for reason, number in sorted(splitter.split_leakage(state.records).items())
    )
    if near := near_duplicate_line(config, state.records):
        talk.write(f"{near}\n")
    if near or any(_waits(part) for part in parts):
        talk.write("Move what stands in another part's folders with: tui-gen split --move\n")
    return ExitCode.DONE


def _splitter(config: JobConfig) -> Splitter:
    return offered(config.capabilities.splitter, config.run.job, "split")


def _named(parts: Sequence[SourcePart], name: str, nouns: Nouns) -> SourcePart:
    """Return the source for a text: its id, its name or a unique part of its name."""
    exact = [part for part in parts if name in {part.source, part.name}]
    found = exact or [part for part in parts if name.casefold() in part.name.casefold()]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{part.name} ({part.source})" for part in found[:5])
    what = (
        f"means several: {listed}; name one by its id"
        if found
        else f"names no {nouns.source.one} of the configuration; tui-gen split lists them"
    )
    message = f'"{name}" {what}'
    raise RefusedError(message)


def _move(config: JobConfig, splitter: Splitter, talk: TextIO) -> None:
    session = Session(config.run.run_folder)
    moved = 0
    try:
        for events in splitter.move(session.state.records):
            session.note(events)
            moved += sum(isinstance(event, ev.PatchMoved) for event in events)
        moved += move_near_duplicates(config, session)
    except OSError as error:
        message = f"{error.filename or config.run.output}: {error.strerror}; the same command goes on"
        raise RefusedError(message) from error
    finally:
        session.close()
    talk.write(f"Moved {config.nouns.patch.counted(moved)}.\n")


def move_near_duplicates(config: JobConfig, session: Session) -> int:
    """Move near duplicates of held-out patches, record the moves, and return their number. Raises OSError."""
    moved = 0
    near_duplicates = config.capabilities.near_duplicates
    if near_duplicates is None:  # a job without near duplicates
        return moved
    for events in near_duplicates.move(session.state.records):
        session.note(events)
        moved += len(events)
    return moved


def near_duplicate_line(config: JobConfig, records: Mapping[str, SourceRecord]) -> str:
    """Return a line with the number of patches to move as near duplicates; empty if 0. Raises OSError."""
    near_duplicates = config.capabilities.near_duplicates
    number = near_duplicates.count(records) if near_duplicates is not None else 0
    if not number:
        return ""
    patch = config.nouns.patch
    return (
        f"{count(number)} training {patch.of(number)} in the wrong folders: "
        f"near duplicates of held-out {patch.many}, or no longer near duplicates"
    )


def _tell_suggestion(
    chosen: Sequence[str], parts: Sequence[SourcePart], nouns: Nouns, *, out: TextIO, talk: TextIO
) -> None:
    names = {part.source: part.name for part in parts}
    out.writelines(f"{source}  {display_name(names[source])}\n" for source in chosen)
    if chosen:
        talk.write(f"Keep them for validation with: tui-gen split --val {shlex.join(chosen)}\n")
    else:
        talk.write(f"No {nouns.source.one} can be held out without taking more than that share.\n")


def _waits(part: SourcePart) -> bool:
    elsewhere = sum(number for split, number in part.made.items() if split != part.split)
    return part.split != "train" and elsewhere > 0


SPLITS = ("train", "val", "test")


def _lines(parts: Sequence[SourcePart], nouns: Nouns, width: LineWidth) -> Iterator[str]:
    columns = (
        Column("part"),
        *(Column(split, is_number=True) for split in SPLITS),
        Column("id"),
        Column(nouns.source.one, may_be_cut=True),
        Column("group" if any(part.group for part in parts) else "", may_be_cut=True),
    )
    rows = [
        (
            part.split,
            *(count(part.made.get(split, 0)) for split in SPLITS),
            part.source,
            part.name,
            part.group or "",
        )
        for part in parts
    ]
    return table_lines(columns, rows, width)
