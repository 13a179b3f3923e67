"""A network namespace with a cable to this machine, which a test may pull out."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Cable:
    """A namespace and its connection."""

    name: str
    host: str  # the address of this machine at the cable

    @property
    def prefix(self) -> Sequence[str]:
        """The beginning of a command that runs in the namespace."""
        return ("ip", "netns", "exec", self.name)

    def pull_out(self) -> None:
        _ip("-n", self.name, "link", "set", "inside", "down")

    def plug_in(self) -> None:
        _ip("-n", self.name, "link", "set", "inside", "up")


@contextlib.contextmanager
def cable() -> Iterator[Cable]:
    """Make a namespace; skip with the reason where that is not allowed."""
    number = os.getpid() % 250
    name, outside = f"tui-gen-{os.getpid()}", f"tg{os.getpid()}"
    host, inside = f"10.213.{number}.1", f"10.213.{number}.2"
    try:
        _ip("netns", "add", name)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespace can be made: {getattr(error, 'stderr', error)}")
    try:
        try:
            _ip("link", "add", outside, "type", "veth", "peer", "name", "inside", "netns", name)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no virtual cable can be made: {error.stderr}")
        _ip("addr", "add", f"{host}/24", "dev", outside)
        _ip("link", "set", outside, "up")
        _ip("-n", name, "addr", "add", f"{inside}/24", "dev", "inside")
        _ip("-n", name, "link", "set", "inside", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield Cable(name, host)
    finally:
        _ip("netns", "del", name)  # the cable goes with it


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
