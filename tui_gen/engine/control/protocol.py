"""The protocol of the control socket: one line of JSON for a question, one line of JSON for its answer.

    {"ask": "hello"}                  {"hello": {"protocol": 2, "version": "0.2.0", "state_format": "9f..."}}
    {"ask": "status"}                 {"status": {...}}   the content of the status file
    {"ask": "state", "after": 0}      {"state": {"is": "RunState", "phase": "running", ...}}   PLAIN_FIELDS
    {"command": {"is": "Drain"}}      {"done": "finishing the clips in hand, then stopping"}
    {"ask": "snapshot", "after": 17}  {"snapshot": {...}}   the whole typed state, see `codec`
    {"ask": "history", "after": [5, 2, -1]}   {"history": {...}}   the points after a step of each span
    {"ask": "timelines", "of": [["dune", 96]]}   {"timelines": [{"is": "SourceTimeline", ...}]}   null: none
    anything                          {"refused": "why"}

Invariant: hello, status, state and the commands Pause, Resume, Drain and Stop have this form in every
version, so that a client can end an engine of any other version. Snapshots, the history, timelines and all
other commands are used only between two programs with the same state format.

Protocol 1 has no hello, status and snapshot, and sends the whole state. A client of protocol 1 can read the
state of an engine of any version, because it knows all the plain fields.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tui_gen import __version__
from tui_gen.engine.control.codec import field_lines
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling import commands as do

PROTOCOL = 2
"""Increase this number when the meaning of an answer changes and its fields do not."""
HAS_HELLO = 2
"""The first protocol with hello and status."""
STABLE_COMMANDS = (do.Pause, do.Resume, do.Drain, do.Stop)
"""The commands that an engine of any version carries out."""
PLAIN_FIELDS = (
    *("phase", "reason", "job", "config", "output", "pid", "host", "version", "exit_code", "is_paused"),
    *("started_at", "first_started_at", "last_at", "active_seconds", "active_since"),
    *("clips_before", "active_seconds_before", "stage", "workers_target"),
    *("clips_made", "clips_rejected", "clips_failed", "clips_retried", "attempts"),
)
"""The fields of a state that every version sends: numbers and texts that protocol 1 has, too."""
NOTHING_RECENT = 1 << 60
"""A value of "after" that requests a state without recent events."""

MOST_TIMELINES = 64
"""The most timelines of one answer."""

ASK_BYTES = 64 * 1024
ANSWER_BYTES = 64 * 1024 * 1024


class ControlError(Exception):
    """The engine cannot be reached, or its answer is invalid."""


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """The version of the program that answers."""

    protocol: int
    version: str
    state_format: str = ""

    @property
    def is_same(self) -> bool:
        """Whether states and all commands can be exchanged with the engine."""
        return (self.protocol, self.state_format) == (PROTOCOL, state_format())

    def difference(self) -> str:
        """Return in one sentence how the engine differs from this program."""
        if self.version != __version__:
            return f"the engine is of version {self.version}, this program is of version {__version__}"
        return f"the engine and this program both say version {__version__}, but their code differs"


@cache
def state_format() -> str:
    """Return a digest of all fields of states and commands, and of their types."""
    lines = sorted(field_lines(RunState, do.Command))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def plain_state(state: RunState) -> dict[str, Any]:
    """Return the plain fields of a state, as in protocol 1."""
    return {"is": "RunState", **{name: getattr(state, name) for name in PLAIN_FIELDS}}


def hello() -> dict[str, Any]:
    """Return this program's answer to hello."""
    return {"protocol": PROTOCOL, "version": __version__, "state_format": state_format()}


def engine_version(said: Mapping[str, Any]) -> EngineVersion:
    """Return the version in an answer to hello; later protocols may send more. Raises ControlError."""
    try:
        return EngineVersion(int(said["protocol"]), str(said["version"]), str(said.get("state_format", "")))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"the engine does not say its version ({type(error).__name__}: {error})"
        raise ControlError(message) from error
