"""The review of groups in a real terminal, over real folders: what keys do is in the folders at once."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.program import command, environment, run
from tests.acceptance.tmux import Terminal, Tmux, wait_for
from tests.jobs.anime.review.classified import CLASSIFIED, Dataset, files_of
from tui_gen.engine.storage.lock import is_held

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

JOB = """
from dataclasses import dataclass
from pathlib import Path

from tui_gen.base.nouns import USUAL_NOUNS
from tui_gen.config.run_config import RunConfig
from tui_gen.contract.capabilities import Capabilities
from tui_gen.jobs.anime.review.groups import ClassifiedGroups


@dataclass(frozen=True)
class Config:
    run: RunConfig
    capabilities: Capabilities
    nouns: object = USUAL_NOUNS


def read_config(path):
    output = path.absolute().parent / "out"
    groups = ClassifiedGroups(output / CLASSIFIED, output=output, references=output / "references")
    run = RunConfig(job="grouped", path=path.absolute(), output=output, source_count=1)
    return Config(run, Capabilities(group_reviewer=groups))
"""


@pytest.fixture
def grouped(tmp_path: Path) -> Callable[[], dict[str, str]]:
    """Install a job whose groups are folders, and configure it; return its environment."""
    packages = tmp_path / "packages"
    meta = packages / "grouped-0.1.dist-info"
    meta.mkdir(parents=True)
    (packages / "grouped.py").write_text(f"CLASSIFIED = {CLASSIFIED!r}\n{JOB}", encoding="utf-8")
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: grouped\nVersion: 0.1\n", encoding="utf-8")
    (meta / "entry_points.txt").write_text("[tui_gen.jobs]\ngrouped = grouped\n", encoding="utf-8")
    (tmp_path / "c.json").write_text('{"job": "grouped"}', encoding="utf-8")
    return lambda: environment(PYTHONPATH=str(packages))


def answer(terminal: Terminal, text: str) -> None:
    """Type into the field in the last line, as soon as it is there."""
    wait_for(lambda: "help" not in terminal.text().rstrip().splitlines()[-1], "the field")
    terminal.press(text, "Enter")


def test_groups_are_changed_in_their_folders_from_a_terminal(
    tmux: Tmux, grouped: Callable[[], dict[str, str]], tmp_path: Path
) -> None:
    data = Dataset(tmp_path / "out")
    data.add("Anna", "a1", "a2")
    data.add("0_abcdef", "c1")
    data.add("x [b] \udcff", "h1")
    config, lock = tmp_path / "c.json", data.output / ".tui-gen" / "lock"
    settings = shlex.join(f"{key}={value}" for key, value in grouped().items())
    words = shlex.join(command("review", str(config)))
    line = f"env -i {settings} TERM=xterm-256color LC_ALL=C.UTF-8 {words}; echo ended with $?; read line"
    terminal = tmux.open("review", line)
    terminal.shows("3 groups, 4 images", "x [b] �", "0_abcdef", "▀")
    assert is_held(lock)
    listed = run("review", config, "--json", env=grouped())
    assert [group["name"] for group in json.loads(listed.out)] == ["Anna", "x [b] \udcff", "0_abcdef"]

    terminal.press("End", "r")
    answer(terminal, "Clara")
    terminal.shows('renamed "0_abcdef" to "Clara"')
    assert "c1.png" in files_of(data.classified / "Clara")
    terminal.press("Home", "Enter")
    terminal.shows("[ ] a1", "[ ] a2")
    terminal.press("Space", "v")
    answer(terminal, "Clara")
    terminal.shows('moved 1 image to "Clara"')
    assert {"a1.png", ".a1_meta.json", "a1.txt"} <= set(files_of(data.classified / "Clara"))
    terminal.press("u")
    terminal.shows('taken back: moved 1 image to "Clara"')
    assert {"a1.png", ".a1_meta.json", "a1.txt"} <= set(files_of(data.classified / "Anna"))
    terminal.press("q")
    terminal.shows("3 groups")
    terminal.press("q")
    terminal.shows("1 change is in", "The next run goes on with the folders", "ended with 0")
    wait_for(lambda: not is_held(lock), "the lock to be released")
