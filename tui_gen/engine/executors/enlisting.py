"""Examines a machine before it performs units: it must make the same bytes of the same files.

    version ─> recipe ─> proof ─> output ─> sources         the first step that fails refuses the machine

Invariant: a unit runner of another version is sent nothing that is pickled.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tui_gen import __version__
from tui_gen.base.detached_call import detached_call
from tui_gen.base.errors import RefusedError
from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors.ground import MTIME_TOLERANCE_SECONDS, KnownFile
from tui_gen.engine.executors.link import Link, LinkLostError
from tui_gen.engine.model.work import JsonObject

StepName = Literal["version", "recipe", "proof", "output", "sources"]
STEPS: tuple[StepName, ...] = ("version", "recipe", "proof", "output", "sources")


@dataclass(frozen=True, slots=True)
class EnlistStep:
    """One step of an examination."""

    name: str
    passed: bool | None  # None: not reached
    detail: str  # why it failed, or what was found


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """The examination of one machine."""

    name: str
    workers: int
    cores: int
    host: str
    steps: tuple[EnlistStep, ...]

    @property
    def refusal(self) -> str | None:
        """Why the machine cannot be used, None if it can."""
        return next((step.detail for step in self.steps if step.passed is False), None)

    @property
    def is_usable(self) -> bool:
        """Whether the machine has passed all steps."""
        return all(step.passed for step in self.steps)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a machine is compared with. Without a proof only the version and the recipe are examined."""

    recipe: JsonObject
    proof: str | None = None
    # A folder in which both machines make a file that the other reads; None: the files are sent.
    meeting_folder: Path | None = None
    known_files: Sequence[KnownFile] = ()


@dataclass(slots=True)
class Examination:
    """Examines one unit runner that was just started."""

    link: Link
    wanted: Requirements
    opening: say.Open
    take: Callable[[say.Answer], None]  # for answers that concern no step: log lines, measurements
    hello: say.Hello | None = None
    passed: dict[StepName, str] = field(default_factory=dict)

    async def steps(self) -> tuple[EnlistStep, ...]:
        """Return all steps. Raises LinkLostError if the unit runner ends meanwhile."""
        refusal: str | None = None
        try:
            await self._examine()
        except RefusedError as error:
            refusal = str(error)
        return steps_of(self.passed, refusal)

    async def _examine(self) -> None:
        hello = self.hello = await self._hear(say.Hello)
        if hello.version != __version__:
            message = f"it runs version {hello.version}, not {__version__}"
            raise RefusedError(message)
        self.passed["version"] = hello.version
        self.link.say(self.opening)
        ready = await self._hear(say.Ready)
        if differences := differing_entries(self.wanted.recipe, ready.recipe):
            message = f"it would make other bytes: {'; '.join(differences)}"
            raise RefusedError(message)
        self.passed["recipe"] = "the same"
        if self.wanted.proof is not None:
            await self._compare(self.wanted.proof)

    async def _compare(self, proof: str) -> None:
        """Compare what the machine makes and sees."""
        token, folder = secrets.token_hex(8), self.wanted.meeting_folder
        ours, theirs = f"machine-{token}-from-engine", f"machine-{token}-to-engine"
        try:
            if folder is not None:
                await detached_call(lambda: (folder / ours).write_text(token))
            files = [known.path for known in self.wanted.known_files]
            self.link.say(say.Examine(str(folder) if folder else "", ours, theirs, files))
            found = await self._hear(say.Examined)
            if found.proof_refusal or found.proof != proof:
                message = found.proof_refusal or "it makes other bytes of the same input"
                raise RefusedError(message)
            self.passed["proof"] = "the same bytes"
            if folder is None:
                self.passed["output"] = "sent over the connection"
            else:
                await self._meet(folder / theirs, token, found)
            self._compare_files(found.files)
        finally:
            if folder is not None:
                await detached_call(lambda: _remove(folder / ours, folder / theirs))

    async def _meet(self, theirs: Path, token: str, found: say.Examined) -> None:
        """Read the file that the machine wrote, and compare what it read."""
        place = theirs.parent
        if found.output_refusal:
            message = f"{place}: {found.output_refusal}"
            raise RefusedError(message)
        if found.read != token:
            message = f"{place} is another folder there"
            raise RefusedError(message)
        try:
            written = await detached_call(theirs.read_text)
        except OSError as error:
            message = f"{place}: a file that it wrote is not seen here: {error.strerror}"
            raise RefusedError(message) from error
        if written != token:
            message = f"{place}: a file that it wrote has other contents here"
            raise RefusedError(message)
        self.passed["output"] = "read and written"

    def _compare_files(self, found: Sequence[Sequence[Any]]) -> None:
        for known, (size, mtime, refusal) in zip(self.wanted.known_files, found, strict=True):
            if refusal:
                message = f"{known.path}: {refusal}"
                raise RefusedError(message)
            if size != known.size_bytes:
                message = f"{known.path} has {size:,} bytes there, {known.size_bytes:,} here"
                raise RefusedError(message)
            if abs(later := mtime - known.mtime) > MTIME_TOLERANCE_SECONDS:
                message = (
                    f"{known.path} was changed {abs(later):.0f} s {'later' if later > 0 else 'earlier'} there"
                )
                raise RefusedError(message)
        self.passed["sources"] = f"{len(self.wanted.known_files)} seen"

    async def _hear(self, kind: type[say.AnswerKind]) -> say.AnswerKind:
        while not isinstance(answer := await self.link.hear(), kind):
            if answer is None:
                message = "the unit runner ended"
                raise LinkLostError(message, self.link.loss)
            if isinstance(answer, say.Refused):
                raise RefusedError(answer.reason)
            self.take(answer)
        return answer


def steps_of(passed: Mapping[StepName, str], refusal: str | None) -> tuple[EnlistStep, ...]:
    """Return all steps; a refusal belongs to the first one that was not passed."""
    steps = []
    for name in STEPS:
        if name in passed:
            steps.append(EnlistStep(name, passed=True, detail=passed[name]))
        elif refusal is not None:
            steps.append(EnlistStep(name, passed=False, detail=refusal))
            refusal = None
        else:
            steps.append(EnlistStep(name, passed=None, detail=""))
    return tuple(steps)


def differing_entries(wanted: JsonObject, found: Mapping[str, Any]) -> list[str]:
    """Return "key: wanted -> found" for each entry that differs in two recipes."""
    ours: dict[str, Any] = json.loads(json.dumps(dict(wanted)))  # in the form of the received one
    keys = sorted(ours.keys() | found.keys())
    return [
        f"{key}: {ours.get(key)!r} -> {found.get(key)!r}" for key in keys if ours.get(key) != found.get(key)
    ]


def _remove(*paths: Path) -> None:
    for path in paths:
        with suppress(OSError):  # a share that is gone; the name says what the file is
            path.unlink(missing_ok=True)
