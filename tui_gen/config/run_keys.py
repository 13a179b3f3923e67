"""The keys of a run that the configurations of all jobs have: their types, and models to inherit.

The place of a key in a model is its place in messages and on pages. pydantic puts the keys of the last base
first, so `class ConfigFile(RunKeys, OwnKeys)` has the job's own keys first. A model that declares an
inherited key again changes its default, its description or its meaning, and not its place. A job whose file
has the keys at other places declares them there with the types of this module.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tui_gen.config.cluster_keys import Cluster
from tui_gen.config.keys import KeysModel, PathText
from tui_gen.config.run_config import Notices
from tui_gen.config.schedule_keys import Schedule

HookCommand = Annotated[list[str], Field(min_length=1)]
Workers = Annotated[int, Field(ge=1, le=1024)]
OpenSources = Annotated[
    Annotated[int, Field(ge=1, le=1024)] | None,
    Field(description="a whole number from 1 to 1024, or null for any number"),
]
FreeSpace = Annotated[float, Field(ge=0, description="a number, 0 or more")]
Niceness = Annotated[int, Field(ge=0, le=19, description="a whole number from 0 to 19")]
StatusFile = Annotated[
    PathText | None,
    Field(description="a file, or null for .generator_status.json in the output folder"),
]
Hooks = Annotated[
    dict[Literal["on_finish", "on_problem", "on_disk_low", "on_pause"], HookCommand],
    Field(description='events and their commands as lists, like {"on_finish": ["/usr/local/bin/notify"]}'),
]
Keymap = Annotated[dict[str, str], Field(description='bindings and their keys, like {"pause": "space"}')]
NoticesKey = Annotated[Notices, Field(description='"none", "bell" or "message"')]


class WorkKeys(KeysModel):
    """What a run may use of the machine."""

    max_workers: Workers | None = Field(
        default=None, description="a whole number from 1 to 1024, or null for one a processor"
    )
    """The number of workers when a run begins; you can change it during the run."""
    schedule: Schedule = Field(default=[])
    """Other numbers of workers at times of the week; of two times that overlap, the later entry applies."""
    cluster: Cluster = None
    """The machines that perform the work, over a dask scheduler; null works on this machine alone."""
    min_free_gb: FreeSpace = 5.0
    """The run waits while less than this is free on the disk of the output."""
    nice: Niceness = 19
    """The niceness of the child processes; 19 is the lowest priority."""


class WatchKeys(KeysModel):
    """How a run is watched, and what it starts on events."""

    status_file: StatusFile = None
    """The path of the status file for monitors."""
    hooks: Hooks = Field(default={})
    """Your commands to run on events; a command gets the event as a line of JSON on its standard input."""
    keymap: Keymap = Field(default={})
    """Other keys for the screen, by the ids that the help of the screen shows."""
    notices: NoticesKey = "none"
    """How the screen notifies you when the run ends or has a problem: not at all, by a bell, or by OSC 9."""


class RunKeys(WatchKeys, WorkKeys):
    """All keys of a run: `WorkKeys`, then `WatchKeys`."""
