"""Refuses a command that a job does not offer."""

from __future__ import annotations

from typing import TypeVar

from tui_gen.base.errors import RefusedError

Capability = TypeVar("Capability")


def offered(capability: Capability | None, job: str, command: str) -> Capability:
    """Return a capability of a job. Raises RefusedError if the job does not offer it."""
    if capability is None:
        message = f'the job "{job}" does not offer "tui-gen {command}" (docs/adding-a-job.md)'
        raise RefusedError(message)
    return capability
