"""A machine is examined before it works: each difference is a sentence, and nothing is left of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine.executors.portable_toy import ClusterToyJob, PortableStage
from tui_gen import __version__
from tui_gen.engine.executors import enlisting, messages
from tui_gen.engine.executors.enlisting import STEPS, EnlistStep, Examination, MachineCheck, Requirements
from tui_gen.engine.executors.ground import KnownFile
from tui_gen.engine.executors.link import Link, LinkLostError, Loss
from tui_gen.engine.executors.runner_process import RunnerProcess
from tui_gen.engine.executors.unit_runner import UnitRunner


class DirectLink:
    """A unit runner in this process; requests and answers are lines all the same."""

    def __init__(self) -> None:
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._runner = UnitRunner(self._tell)
        self._tell(messages.Hello(__version__, "box1", 2))
        self.loss: Loss = "died"

    def _tell(self, answer: messages.Answer) -> None:
        self._answers.put_nowait(messages.line_of(answer))

    def say(self, request: messages.Request) -> None:
        self._runner.obey(messages.request_of(messages.line_of(request)))

    async def hear(self) -> messages.Answer | None:
        return messages.answer_of(await self._answers.get())

    def kill(self) -> None:
        raise AssertionError

    async def end(self) -> str:
        await self._runner.close()
        return ""


@dataclass
class Home:
    """The engine's machine, and what differs on the other one."""

    folder: Path
    paths: dict[str, str] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    known: tuple[KnownFile, ...] = ()

    @property
    def run_folder(self) -> Path:
        return self.folder / "out put" / ".tui-gen"

    async def steps(self, link: Link | None = None, **changes: Any) -> Mapping[str, EnlistStep]:  # noqa: ANN401 - fields of Requirements
        """Examine a new unit runner."""
        link = link or DirectLink()
        job = ClusterToyJob((PortableStage({}),), recipe={"scale": 4}, output=str(self.run_folder.parent))
        wanted = Requirements(job.recipe, job.proof(), self.run_folder, self.known)
        opening = messages.Open(messages.packed(job), 1, self.tools, self.paths)
        try:
            examination = Examination(link, replace(wanted, **changes), opening, lambda _: None)
            steps = await examination.steps()
        finally:
            await link.end()
        assert tuple(step.name for step in steps) == STEPS
        assert list(self.run_folder.iterdir()) == []
        return {step.name: step for step in steps}

    def add_source(self, contents: bytes = b"four") -> Path:
        path = self.folder / "sources" / "a\udcff b.mkv"
        path.parent.mkdir()
        path.write_bytes(contents)
        found = path.stat()
        self.known = (KnownFile(str(path), found.st_size, found.st_mtime),)
        return path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.run_folder.mkdir(parents=True)
    return home


def refusal(steps: Mapping[str, EnlistStep], name: str) -> str:
    """Return why a step failed; the steps before it passed, those after it were not reached."""
    position = STEPS.index(name)
    expected = [True] * position + [False] + [None] * (len(STEPS) - position - 1)
    assert [step.passed for step in steps.values()] == expected
    return steps[name].detail


async def test_a_machine_that_makes_and_sees_the_same_passes(home: Home) -> None:
    home.add_source()
    steps = await home.steps()
    assert {name: step.detail for name, step in steps.items()} == {
        "version": __version__,
        "recipe": "the same",
        "proof": "the same bytes",
        "output": "read and written",
        "sources": "1 seen",
    }
    assert MachineCheck("box1", 1, 2, "host", tuple(steps.values())).refusal is None


async def test_another_version_is_sent_no_job(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enlisting, "__version__", "0.0.1")
    home.tools = {"refuses": "the job was opened"}
    steps = await home.steps()
    assert refusal(steps, "version") == f"it runs version {__version__}, not 0.0.1"
    assert MachineCheck("box1", 1, 2, "", tuple(steps.values())).refusal == steps["version"].detail


async def test_another_recipe_is_told_key_by_key(home: Home) -> None:
    home.tools = {"ffmpeg": "5.1.9", "scale": "3"}
    said = refusal(await home.steps(), "recipe")
    assert said == "it would make other bytes: ffmpeg: None -> '5.1.9'; scale: 4 -> '3'"


async def test_a_job_that_refuses_is_a_recipe_that_differs(home: Home) -> None:
    home.tools = {"refuses": "no ffmpeg was found"}
    assert refusal(await home.steps(), "recipe") == "no ffmpeg was found"


async def test_other_bytes_of_the_same_input(home: Home) -> None:
    assert refusal(await home.steps(proof="other"), "proof") == "it makes other bytes of the same input"


async def test_another_folder_in_the_place_of_the_output(home: Home) -> None:
    other = home.folder / "other"
    (other / ".tui-gen").mkdir(parents=True)
    home.paths = {str(home.run_folder.parent): str(other)}
    said = refusal(await home.steps(), "output")
    assert said.startswith(f"{home.run_folder}: {other}/.tui-gen/machine-")
    assert said.endswith("-from-engine: No such file or directory")


async def test_an_output_folder_that_is_a_file_there(home: Home) -> None:
    other = home.folder / "other"
    other.touch()
    home.paths = {str(home.run_folder.parent): str(other)}
    assert refusal(await home.steps(), "output").endswith("Not a directory")


async def test_a_folder_of_another_path_there_is_the_same(home: Home) -> None:
    linked = home.folder / "a link"
    linked.symlink_to(home.run_folder.parent)
    home.paths = {str(home.run_folder.parent): str(linked)}
    assert (await home.steps())["output"].passed


async def test_an_output_folder_that_is_sent_is_not_looked_at(home: Home) -> None:
    steps = await home.steps(meeting_folder=None)
    assert steps["output"] == EnlistStep("output", passed=True, detail="sent over the connection")


async def test_a_source_that_is_not_there(home: Home) -> None:
    source = home.add_source()
    home.paths = {str(source.parent): "/mnt/nas"}
    said = refusal(await home.steps(), "sources")
    assert said == f"{source}: /mnt/nas/{source.name}: No such file or directory"


async def test_a_source_of_another_size(home: Home) -> None:
    source = home.add_source()
    source.write_bytes(b"seven77")
    assert refusal(await home.steps(), "sources") == f"{source} has 7 bytes there, 4 here"


@pytest.mark.parametrize(("seconds", "passed"), [(1.9, True), (-1.9, True), (2.5, False), (-3600, False)])
async def test_times_of_a_source_may_differ_by_two_seconds(
    home: Home, seconds: float, *, passed: bool
) -> None:
    source = home.add_source()
    changed = home.known[0].mtime + seconds
    os.utime(source, (changed, changed))
    assert (await home.steps())["sources"].passed is passed


async def test_a_unit_runner_that_ends_meanwhile_is_lost(home: Home) -> None:
    home.tools = {"dies": "yes"}
    with pytest.raises(LinkLostError, match="the unit runner ended"):
        await home.steps(await RunnerProcess.start())
