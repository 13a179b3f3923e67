"""The settings of a cluster: the scheduler's address, and what differs on each machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RESOURCE = "tui-gen"
"""The dask resource that marks a lent machine; its amount is the number of workers."""

OutputMode = Literal["shared", "send"]
"""How patches reach the output folder: "shared": each machine writes into it; "send": over the connection."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The files of a TLS connection, in PEM form: paths on this machine."""

    ca: str
    cert: str
    key: str


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """The settings of one machine of a cluster."""

    # The most units at the same time; None: as many as the machine lends.
    workers: int | None = None
    # Folders with another path there: path on the engine's machine -> path on this machine.
    paths: Mapping[str, str] = field(default_factory=dict)
    # The path of ffmpeg there; None: the one that is installed with the program.
    ffmpeg: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """The settings of a cluster."""

    # The address of the dask scheduler: "tcp://HOST:PORT" or "tls://HOST:PORT".
    address: str
    # Folders with another path on all machines; the paths of a machine come before these.
    paths: Mapping[str, str] = field(default_factory=dict)
    output: OutputMode = "shared"
    machines: Mapping[str, MachineSettings] = field(default_factory=dict)
    tls: TlsFiles | None = None

    def machine(self, name: str) -> MachineSettings:
        """Return the settings of a machine, with the paths of all machines."""
        own = self.machines.get(name, MachineSettings())
        return MachineSettings(own.workers, {**self.paths, **own.paths}, own.ffmpeg)
