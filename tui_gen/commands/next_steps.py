"""What to do after a run, as commands that can be pasted: those of the job, and those of every dataset."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from pathlib import Path

from tui_gen.contract.job import JobConfig
from tui_gen.engine.model.metrics import images_of
from tui_gen.engine.model.state import RunState

_USUAL_CONFIG = "generator_config.json"
_EXPORT = "tui-gen export"


def next_steps(config: JobConfig, state: RunState, typed: str) -> Iterator[str]:
    """Yield what can be done after a run, a line each; `typed` is the configuration as the user types it.

    The job's own lines come first; they are about a run that finished.
    """
    offered = config.capabilities
    own = list(offered.next_steps()) if offered.next_steps is not None and state.phase == "finished" else []
    yield from own
    if not any(images_of(state, source) for source in state.sources.values()):
        return
    is_usual = typed == _USUAL_CONFIG
    named, option = ("", "") if is_usual else (f" {shlex.quote(typed)}", f" -c {shlex.quote(typed)}")
    if offered.sheet_maker is not None:
        yield f"Look at the {config.nouns.patch.many}: tui-gen sheet{named}"
    if offered.verifier is not None:
        yield f"Check every file: tui-gen verify{named}"
    if offered.exporter is not None and not any(_EXPORT in line for line in own):
        yield f"For a trainer: {_EXPORT} LAYOUT FOLDER{option}"


def as_typed(path: Path) -> str:
    """Return the shortest form of the configuration's path that can be typed here."""
    with contextlib.suppress(ValueError, OSError):  # OSError: the current folder does not exist any more
        return str(path.absolute().relative_to(Path.cwd()))
    return str(path)
