"""A toy job that another process can perform: what a clip does is told by the name of its source.

What a performing process did can be seen from outside by the empty files that it leaves in a folder.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.engine.toy import ToyJob, ToyStage, ToyUnit
from tui_gen.base.errors import (
    ObstructedError,
    OutOfMemoryError,
    RefusedError,
    SourceChangedError,
    SourceUnreachableError,
)
from tui_gen.engine.executors.ground import Ground, KnownFile
from tui_gen.engine.model.work import Clip, Doing, Learned, Made, Outcome, Patch, Report, Retried, Unit

ERRORS: dict[str, Callable[[], Exception]] = {
    "obstructed": lambda: ObstructedError("disk full"),
    "out of memory": lambda: OutOfMemoryError("memory ran out"),
    "unreachable": lambda: SourceUnreachableError("the share is missing", "/box/films/a\udcff.mkv"),
    "changed": lambda: SourceChangedError("the file changed"),
    "no room": lambda: OSError(errno.EMFILE, "Too many open files"),
    "no memory": lambda: MemoryError("Unable to allocate"),
    "no thread": lambda: RuntimeError("can't start new thread"),
    "own": lambda: RefusedError("the probe hung"),
    "foreign": lambda: KeyError("x"),
}


def unit_of(source: str, clips: int = 4) -> ToyUnit:
    return ToyUnit(source, tuple(Clip(source, index) for index in range(clips)))


def made(clip: Clip) -> Made:
    return Made(clip, (Patch("all", 10, {"format": "toy", "files": {"gt": "a\udcff.png"}}),), 1, 0.5)


@dataclass
class PortableStage(ToyStage):
    """Leaves a file for each clip that it makes, and "closed" when a unit is left."""

    folder: Path = Path()

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        try:
            for clip in unit.clips:
                yield Doing(clip, "making")
                if clip.source in ERRORS and clip.index == 1:
                    error = ERRORS[clip.source]()
                    raise error
                if clip.index == 1:
                    yield await self._act(clip)
                    continue
                self._leave(f"{clip.source} {clip.index}")
                yield made(clip)
        finally:
            self._leave("closed")

    async def _act(self, clip: Clip) -> Report:
        """Do what the source's name says."""
        match clip.source:
            case "waits":
                self._leave("waiting")
                await asyncio.Event().wait()
            case "writes":
                self._leave("writing")
                await _finished(asyncio.ensure_future(asyncio.to_thread((self.folder / "pipe").read_bytes)))
            case "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            case "dies once" if self._leave("died"):
                os.kill(os.getpid(), signal.SIGKILL)
            case "prints":
                print("noise", flush=True)  # noqa: T201 - what a library may do
                sys.stdin.read()
                logging.getLogger("tests.toy").warning("a film called a\udcff")
            case "learns":
                return Learned(clip.source, {"probe": {"codec": "h264"}}, ("odd",))
            case "retries":
                return Retried(clip, 1, "damaged data")
        self._leave(f"{clip.source} {clip.index}")
        return made(clip)

    def _leave(self, name: str) -> bool:
        """Leave a file; return False where it stood already."""
        path = self.folder / name
        is_new = not path.exists()
        path.touch()
        return is_new


async def _finished(writing: asyncio.Future[bytes]) -> None:
    """Wait for the end even when cancelled, as the super-resolution job does with files being written."""
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait([writing])


@dataclass(frozen=True)
class PortableToyJob(ToyJob):
    """Takes its recipe and its refusal from the tools of the machine."""

    def at(self, ground: Ground) -> PortableToyJob:
        if "refuses" in ground.tools:
            raise RefusedError(ground.tools["refuses"])
        if "dies" in ground.tools:
            print("a library is missing", file=sys.stderr)  # noqa: T201 - what a linker does
            os._exit(3)
        return replace(self, recipe={**self.recipe, **ground.tools})


@dataclass
class WritingStage(PortableStage):
    """Writes a file for each clip into an output folder, as a temporary file first.

    A folder that each machine has says what is wrong there: a source without a file is away, and so on.
    """

    output: str = ""
    sources: str = ""
    seconds: float = 0.0

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        for clip in unit.clips:
            yield Doing(clip, "making")
            with (self.folder / "begun").open("a") as begun:
                begun.write(f"{clip}\n")
            if self.sources:
                self._suffer(unit.source)
            await asyncio.sleep(self.seconds)
            name = name_of(clip)
            temporary = Path(self.output, f"{name}.{os.getpid()}.tmp")
            temporary.parent.mkdir(exist_ok=True)
            temporary.write_bytes(contents_of(clip))
            temporary.rename(Path(self.output, name))
            yield Made(clip, (Patch("all", 10, {"format": "toy", "files": {"gt": name}}),), 1, 0.5)

    def _suffer(self, source: str) -> None:
        film, full, memory = (Path(self.sources, name) for name in (source, "full", "no memory"))
        if not film.exists():
            message = "the share is missing"
            raise SourceUnreachableError(message, str(film))
        if full.exists():
            message = "No space left on device"
            raise ObstructedError(message)
        if memory.exists():
            memory.unlink()
            message = "memory ran out"
            raise OutOfMemoryError(message)


@dataclass
class SleepingStage(ToyStage):
    """Makes a clip by sleeping."""

    seconds: float = 0.5

    async def perform(self, unit: Unit) -> AsyncGenerator[Report, None]:
        for clip in unit.clips:
            yield Doing(clip, "sleeping")
            await asyncio.sleep(self.seconds)
            yield made(clip)


def name_of(clip: Clip) -> str:
    """Return a name in which not all is UTF-8."""
    return f"{clip.source}-{clip.index}\udcff.bin"


def contents_of(clip: Clip) -> bytes:
    return f"{clip.source} {clip.index} ".encode() * 1000


@dataclass(frozen=True)
class ClusterToyJob(PortableToyJob):
    """Writes into an output folder, and proves what it is told to."""

    output: str = ""
    proves: str = "the same bytes"
    known: tuple[KnownFile, ...] = ()

    def at(self, ground: Ground) -> ClusterToyJob:
        at_machine = super().at(ground)
        assert isinstance(at_machine, ClusterToyJob)
        here = ground.here(self.output)
        stages = tuple(
            replace(stage, output=here, sources=ground.here(stage.sources))
            if isinstance(stage, WritingStage)
            else stage
            for stage in self.stages
        )
        return replace(at_machine, stages=stages, output=here, proves=ground.tools.get("proves", self.proves))

    def proof(self) -> str:
        return self.proves

    def known_files(self) -> Sequence[KnownFile]:
        return self.known

    def files_of(self, outcome: Outcome) -> Sequence[str]:
        return [os.path.join(self.output, name_of(outcome.clip))]  # noqa: PTH118 - a path with surrogates
