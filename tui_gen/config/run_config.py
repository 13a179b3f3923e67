"""What the configurations of all jobs say about a run: where it writes, with how many workers, and so on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tui_gen.config.cluster_settings import ClusterSettings

RUN_FOLDER = ".tui-gen"
STATUS_NAME = ".generator_status.json"
USUAL_WORKER_BYTES = 1_000_000_000
"""The memory of one worker of a job without an estimate, until workers were measured: rather too much."""

Notices = Literal["none", "bell", "message"]


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """A time of the week, and the number of workers in it."""

    days: frozenset[int]  # on which it begins; 0 is Monday
    from_minute: int  # of the day, by the local clock
    to_minute: int  # before `from_minute`: on the next day
    workers: int  # 0: a pause


@dataclass(frozen=True, slots=True)
class RunConfig:
    """The part of a configuration that every run needs, whatever its job is."""

    job: str  # the name of its entry point
    path: Path  # of the configuration file, absolute
    output: Path  # everything is written below this folder
    source_count: int  # as many sources does the configuration list
    category_folders: tuple[Path, ...] = ()  # where the categories' files are; --fresh renames these folders
    status_file: Path | None = None  # None: STATUS_NAME in the output folder
    workers: int = 1  # a run begins with so many
    open_sources: int | None = None  # at most so many sources are read at once; None: any number
    worker_bytes: int = USUAL_WORKER_BYTES  # memory of one worker, estimated
    schedule: tuple[ScheduleEntry, ...] = ()  # of two entries that overlap, the later one applies
    cluster: ClusterSettings | None = None  # the machines that perform the work; None: this one
    min_free_bytes: int = 0  # so much stays free on the output's disk
    # The keys of the configuration for `output` and `min_free_bytes`, as messages name them.
    output_key: str = "output"
    min_free_key: str = "min_free_gb"
    seed: int | None = None  # decides the random choices; None: the job makes none
    notices: Notices = "none"  # how the screen calls the user when the run ends or has a problem
    keymap: Mapping[str, str] = field(
        default_factory=dict
    )  # id of the binding -> keys, as changed by the user
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name of the event -> argument list

    @property
    def sources_at_once(self) -> int:
        """How many sources `plan` and `check` look at in parallel: one for each processor at most."""
        processors = os.cpu_count() or 1
        return processors if self.open_sources is None else min(self.open_sources, processors)

    @property
    def run_folder(self) -> Path:
        """Where the ledger, the lock and the log are."""
        return self.output / RUN_FOLDER

    @property
    def status_path(self) -> Path:
        """Where the status snapshot is written."""
        return self.status_file or self.output / STATUS_NAME
