"""Terminals of tests: a tmux server of their own, keys that are pressed, and what the terminals show."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE_SECONDS = 60.0


def wait_for(
    condition: Callable[[], object], what: str | Callable[[], str], seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until something is so; where it does not come, say what, as it stands by then."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            pytest.fail(f"not within {seconds:.0f} s: {what() if callable(what) else what}")
        time.sleep(0.05)


@dataclass(frozen=True)
class Tmux:
    """A tmux server of its own; each session is a terminal."""

    socket: Path

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self.socket), "-f", "/dev/null", *arguments],
            capture_output=True, text=True, check=False, timeout=30,
            env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"},
        )  # fmt: skip
        return done.stdout

    def open(self, name: str, line: str, *, width: int = 80, height: int = 24) -> Terminal:
        self("new-session", "-d", "-s", name, "-x", str(width), "-y", str(height), line)
        return Terminal(self, name)


@dataclass(frozen=True)
class Terminal:
    """One terminal with the program in it."""

    tmux: Tmux
    name: str

    def text(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", self.name)

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", self.name, *keys)

    def resize(self, width: int, height: int) -> None:
        self.tmux("resize-window", "-t", self.name, "-x", str(width), "-y", str(height))

    def shows(self, *words: str, seconds: float = PATIENCE_SECONDS) -> None:
        def holds() -> bool:
            text = self.text()
            return all(word in text for word in words)

        wait_for(holds, lambda: f"{words} in\n{self.text()}", seconds)

    def close(self) -> None:
        """As when the window is closed or the line drops: the pane's processes get SIGHUP."""
        self.tmux("kill-session", "-t", self.name)
