"""Examines this machine for an engine on another one: what it makes, and what it sees."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tui_gen.base.errors import reason_of
from tui_gen.engine.executors.ground import ClusterJob, Ground
from tui_gen.engine.executors.messages import Examine, Examined


def examined(job: ClusterJob, ground: Ground, request: Examine) -> Examined:
    """Return what was found. Blocks while a file system does not answer."""
    proof, proof_refusal = _found(job.proof)
    read, output_refusal = "", ""
    if request.folder:
        folder = Path(ground.here(request.folder))
        read, output_refusal = _found(lambda: _met(folder / request.to_read, folder / request.to_write))
    return Examined(
        proof, proof_refusal, read, output_refusal, [_state_of(ground.here(path)) for path in request.files]
    )


def _met(to_read: Path, to_write: Path) -> str:
    """Copy the contents of one file into another, and return them."""
    read = to_read.read_text()
    to_write.write_text(read)
    return read


def _found(look: Callable[[], str]) -> tuple[str, str]:
    """Return a value, and "" or why there is none."""
    try:
        return look(), ""
    except OSError as error:
        return "", f"{os.fsdecode(error.filename or '')}: {error.strerror}".removeprefix(": ")
    except Exception as error:  # noqa: BLE001 - the engine's user reads it
        return "", reason_of(error)


def _state_of(path: str) -> tuple[int, float, str]:
    try:
        found = os.stat(path)  # noqa: PTH116 - a path with surrogates
    except OSError as error:
        return 0, 0.0, f"{path}: {error.strerror}"
    return found.st_size, found.st_mtime, ""
