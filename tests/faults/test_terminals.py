"""A terminal that is closed under the work, or that can draw nothing, costs neither work nor words."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.acceptance.program import Dataset, command, environment
from tests.faults.conftest import ESCAPE, Scene, hurried, needs, with_root
from tests.faults.test_sources import HOSTILE

END_SECONDS = 60.0
Shown = tuple[subprocess.Popen[bytes], int]
"""A program, and our end of its terminal."""


@contextmanager
def on_a_terminal(arguments: list[str], env: Mapping[str, str]) -> Iterator[Shown]:
    """Start a program whose controlling terminal is a new one; give it and our end of the terminal."""
    ours, theirs = pty.openpty()
    # What a login does: a session of its own, which is told when its terminal is gone.
    process = subprocess.Popen(
        ["/usr/bin/setsid", "--ctty", *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.mark.soak
@needs("setsid")
def test_a_run_whose_terminal_is_closed_saves_what_it_has_and_says_so_in_its_log(scene: Scene) -> None:
    arguments = hurried("run", scene.data.config, "--verbose")
    with on_a_terminal(arguments, with_root(environment(TERM="xterm"))) as (process, ours):
        while scene.made() < 2:
            said(ours)
        os.close(ours)
        assert process.wait(END_SECONDS) == 129
    assert "received SIGHUP" in scene.log()
    assert scene.data.status()["state"] == "stopped"
    scene.check_no_survivor()
    scene.finish()


@pytest.mark.soak
@needs("setsid")
def test_on_a_terminal_that_can_draw_nothing_the_work_is_reported_in_plain_lines(scene: Scene) -> None:
    scene.data.edit(lambda settings: settings["videos"][0].update(name=HOSTILE[-1] + "\udcff"))
    plain = environment(TERM="dumb", LANG="C", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    shown = b""
    with on_a_terminal(command(scene.data.config, "--limit", "3"), with_root(plain)) as (process, ours):
        while process.poll() is None:
            shown += said(ours)
        shown += said(ours)
        os.close(ours)
    text = shown.decode("utf-8", "replace")
    assert process.returncode == 0, text
    assert ESCAPE not in text
    assert "Traceback" not in text
    assert "Go on with: tui-gen run" in text
    assert made(scene.data) == 3


def made(data: Dataset) -> int:
    """Return how many clips were made."""
    return len({clip for clip, _ in data.made()})


def said(terminal: int) -> bytes:
    """Return what has been shown since the last time, after a moment at the most."""
    if not select.select([terminal], [], [], 0.05)[0]:
        return b""
    try:
        return os.read(terminal, 65536)
    except OSError:  # it has ended, and with it the terminal
        return b""
