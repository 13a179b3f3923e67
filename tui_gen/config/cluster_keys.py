"""The key `cluster` of a configuration: the scheduler's address, and what differs on each machine.

The key has the same form in the configurations of all jobs. It decides where the work is performed and not
what is made: it is no part of a recipe.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from tui_gen.config.cluster_address import AddressError, parse_address
from tui_gen.config.cluster_settings import ClusterSettings, MachineSettings, TlsFiles
from tui_gen.config.commented_json import Key
from tui_gen.config.documents import absolute
from tui_gen.config.faults import Fault
from tui_gen.config.keys import KeysModel, PathText

AbsolutePath = Annotated[str, Field(description='an absolute path, like "/mnt/nas/data"')]
"""A path of one of several machines. Its form is checked by `cluster_faults`."""
Paths = Annotated[
    dict[AbsolutePath, AbsolutePath],
    Field(description='folders and their paths there, like {"/data": "/mnt/nas/data"}'),
]


class TlsKeys(KeysModel):
    """The files of TLS connections, in PEM form. Relative paths are relative to the configuration."""

    ca: PathText = Field(description='the file with the certificate of your authority, like "ca.pem"')
    """The certificate of the authority that signed the certificates of all machines."""
    cert: PathText = Field(description='the file with the certificate of this machine, like "engine.pem"')
    """The certificate of the engine's machine."""
    key: PathText = Field(description='the file with the private key of this machine, like "engine.key"')
    """The private key of the engine's machine."""


class MachineKeys(KeysModel):
    """What differs on one machine."""

    workers: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        default=None, description="a whole number from 1 to 1024, or null for as many as the machine lends"
    )
    """The most workers on this machine; null is as many as the machine lends."""
    paths: Paths = Field(default={})
    """Folders with another path on this machine; these come before the `paths` of all machines."""
    ffmpeg: AbsolutePath | None = Field(
        default=None, description='an absolute path on that machine, like "/usr/bin/ffmpeg", or null'
    )
    """The ffmpeg of this machine; null is the ffmpeg that comes with the program there."""


class ClusterKeys(KeysModel):
    """The machines that perform the work of a run, over a dask scheduler."""

    address: str = Field(description='the address of the dask scheduler, like "tcp://nas:8786"')
    """The address of the dask scheduler: `tcp://HOST:PORT`, or `tls://HOST:PORT` with `tls`."""
    paths: Paths = Field(default={})
    """Folders with another path on the other machines: the path on this machine, and the path there."""
    output: Literal["shared", "send"] = Field(default="shared", description='"shared" or "send"')
    """How files reach the output folder: written there by each machine, or sent over the connection."""
    machines: dict[str, MachineKeys] = Field(
        default={}, description='machines and what differs there, like {"box3": {"workers": 6}}'
    )
    """What differs on single machines, by the names that they lend themselves by."""
    tls: TlsKeys | None = Field(
        default=None, description='an object, like {"ca": "ca.pem", "cert": "me.pem", "key": "me.key"}'
    )
    """The certificates for an address that begins with `tls://`."""


Cluster = Annotated[
    ClusterKeys | None,
    Field(description='an object, like {"address": "tcp://nas:8786"}, or null to work on this machine alone'),
]


# ------------------------------------------------------------------------------------------ checks


def cluster_faults(cluster: ClusterKeys | None) -> Iterator[Fault]:
    """Yield every fault of the key that its types do not show."""
    if cluster is None:
        return
    place: Key = ("cluster",)
    yield from _address_faults(cluster, place)
    yield from _path_faults(cluster.paths, (*place, "paths"))
    for name, machine in cluster.machines.items():
        here = (*place, "machines", name)
        if not name.strip():
            yield Fault(here, "is no name of a machine", "write the name that the machine lends itself by")
        yield from _path_faults(machine.paths, (*here, "paths"))
        if machine.ffmpeg is not None and not machine.ffmpeg.startswith("/"):
            wrong = f"{json.dumps(machine.ffmpeg)} is not an absolute path"
            yield Fault((*here, "ffmpeg"), wrong, 'write a path of that machine, like "/usr/bin/ffmpeg"')
    yield from _shared_targets(cluster, place)


def _address_faults(cluster: ClusterKeys, place: Key) -> Iterator[Fault]:
    try:
        address = parse_address(cluster.address)
    except AddressError as error:
        yield Fault((*place, "address"), error.wrong, error.remedy)
        return
    if address.is_encrypted and cluster.tls is None:
        remedy = 'write "tls": {"ca": "ca.pem", "cert": "me.pem", "key": "me.key"}'
        yield Fault((*place, "tls"), "is missing, and an address that begins with tls:// needs it", remedy)
    if cluster.tls is not None and not address.is_encrypted:
        remedy = "write an address that begins with tls://, or remove tls"
        yield Fault((*place, "tls"), "is not used: the address begins with tcp://", remedy)


def _path_faults(paths: Mapping[str, str], place: Key) -> Iterator[Fault]:
    for here, there in paths.items():
        for path in dict.fromkeys((here, there)):
            wrong = _wrong_path(path)
            if wrong:
                yield Fault((*place, here), f"{json.dumps(path)} {wrong[0]}", wrong[1])


def _wrong_path(path: str) -> tuple[str, str] | None:
    """Return what is wrong with a path of a map, and what to write; None for a usable path."""
    if not path.startswith("/"):
        return "is not an absolute path", 'write one like "/mnt/nas/data"'
    if "\0" in path:
        return "holds a NUL", 'write a path like "/mnt/nas/data"'
    bare = "/" + os.path.normpath(path).strip("/")
    if bare == "/":
        return "is the root of all folders", 'write a folder below it, like "/data"'
    if path.endswith("/"):
        return "ends with a slash", f"write {json.dumps(bare)}"
    if path != bare:
        return "is not written as a plain path", f"write {json.dumps(bare)}"
    return None


def _shared_targets(cluster: ClusterKeys, place: Key) -> Iterator[Fault]:
    """Refuse two folders with one path on a machine: a path there would have two meanings here."""
    maps = {(*place, "paths"): cluster.paths}
    for name, machine in cluster.machines.items():
        maps[*place, "machines", name, "paths"] = {**cluster.paths, **machine.paths}
    told = set[tuple[str, str]]()
    for key, paths in maps.items():
        first: dict[str, str] = {}
        for here, there in paths.items():
            other = first.setdefault(there, here)
            if other != here and (other, here) not in told:
                told.add((other, here))
                wrong = f"{json.dumps(here)} and {json.dumps(other)} have the same path {json.dumps(there)}"
                yield Fault(key, wrong, "give each folder a path of its own")


# ---------------------------------------------------------------------------------------- settings


def cluster_of(cluster: ClusterKeys | None, folder: str) -> ClusterSettings | None:
    """Return the settings of a key without faults. Relative files of `tls` are relative to `folder`."""
    if cluster is None:
        return None
    tls = cluster.tls
    return ClusterSettings(
        cluster.address,
        paths=dict(cluster.paths),
        output=cluster.output,
        machines={
            name: MachineSettings(machine.workers, dict(machine.paths), machine.ffmpeg)
            for name, machine in cluster.machines.items()
        },
        tls=None if tls is None else TlsFiles(*(absolute(folder, f) for f in (tls.ca, tls.cert, tls.key))),
    )
