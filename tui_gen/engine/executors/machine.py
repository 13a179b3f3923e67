"""One machine that performs units: its connection, the units in hand, and what is known of it.

    present ─> enlisting ─> running ─> lost or silent ─> present ...
                   └─> refused ─> when something has changed ─> present

Invariant: a unit whose connection is lost raises MachineLostError at its next pull; no other failure is
counted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from tui_gen.base.errors import RefusedError, reason_of
from tui_gen.base.uncancelled import uncancelled
from tui_gen.engine.executors import messages as say
from tui_gen.engine.executors.base import (
    MachineChange,
    MachineLoad,
    MachineLostError,
    MachineNews,
    MachinePhase,
)
from tui_gen.engine.executors.enlisting import Examination, Requirements
from tui_gen.engine.executors.link import Connector, Link, LinkLostError, Loss
from tui_gen.engine.executors.remote_unit import RemoteUnit, Store
from tui_gen.engine.model.work import Report, Stage, Unit

log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 5.0
"""The time before another attempt to reach a machine that could not be reached."""
ENLIST_SECONDS = 60.0
"""A machine that is not enlisted within this time is refused: a share does not answer, for example."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """What a machine calls: for each change of what it can do, for all news, and for pieces of files."""

    changed: Callable[[], None]
    news: Callable[[MachineNews], None]
    store: Store


class Machine:
    """One machine. Its target and its phase may change at any time."""

    def __init__(
        self, name: str, connector: Connector, wanted: Requirements, opening: say.Open, listeners: Listeners
    ) -> None:
        """Keep what is needed to reach a machine; nothing is started before `start` or `keep`."""
        self.name, self.opening = name, opening
        self._connector, self._wanted, self._listeners = connector, wanted, listeners
        self._target, self.cores, self.host = opening.workers, 0, ""
        self._link: Link | None = None
        self._phase: MachinePhase = "lost"
        self._reason = "it has not been reached yet"
        self._units: dict[int, RemoteUnit] = {}
        self._looks: dict[int, asyncio.Future[bool]] = {}
        self._last_number = 0
        self._supervising: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ what it is

    @property
    def link(self) -> Link | None:
        """The connection, None while the machine cannot perform units."""
        return self._link

    @property
    def is_running(self) -> bool:
        """Whether it can perform units."""
        return self._link is not None

    @property
    def target(self) -> int:
        """The most units that it performs at the same time."""
        return self._target

    def set_target(self, workers: int) -> None:
        """Set the most units that it performs at the same time."""
        self._target = workers
        if self._link is not None:
            self._link.say(say.SetTarget(workers))
        self._tell()

    def wait(self, reason: str) -> None:
        """Show that an obstruction of its own holds it; without a reason that the obstruction is over."""
        if self._link is not None:
            self._turn("waiting" if reason else "running", reason)

    def leave(self) -> None:
        """Show that a machine that was refused is not there any more."""
        if self._phase == "refused":
            self._turn("lost", "its dask worker is gone")

    @property
    def change(self) -> MachineChange:
        """Its state."""
        return MachineChange(self.name, self._phase, self._reason, self._target, self.cores)

    # ------------------------------------------------------------------ its life

    async def start(self) -> None:
        """Connect once, and supervise from then on. Raises RefusedError."""
        try:
            await self._connect()
        except (LinkLostError, TimeoutError) as error:
            message = f"{self.name} cannot be started: {reason_of(error)}"
            raise RefusedError(message) from error
        self.keep()

    def keep(self) -> None:
        """Supervise: connect whenever the machine is there, and hear what it says."""
        self._supervising = asyncio.create_task(self._supervise(), name=self.name)

    async def close(self) -> None:
        """End the unit runner and all processes that it started."""
        supervising, self._supervising = self._supervising, None
        if supervising is not None:
            supervising.cancel()
            await asyncio.wait({supervising})
        link, self._link = self._link, None
        if link is not None:
            await link.end()
        self._lose_all(f"{self.name} was ended", has_died=True)

    async def _supervise(self) -> None:
        while True:
            if self._link is not None:
                await self._hear_all(self._link)
            await self._connector.present()
            await self._connect_again()

    async def _connect_again(self) -> None:
        """Try once; after a failure wait until another attempt is worth it."""
        try:
            await self._connect()
        except RefusedError as error:
            log.warning("%s", error)
            self._turn("refused", str(error).removeprefix(f"{self.name}: "))
            await self._connector.changed()
        except LinkLostError as error:
            log.warning("%s cannot be reached: %s", self.name, error)
            self._turn(_phase_of(error.loss), str(error))
            await asyncio.sleep(TRY_AGAIN_SECONDS)
        except Exception as error:  # of any kind: the run waits for this task
            log.exception("%s cannot be started again", self.name)
            self._turn("lost", reason_of(error))
            await asyncio.sleep(TRY_AGAIN_SECONDS)

    async def _connect(self) -> None:
        """Start a unit runner and examine it. Raises RefusedError, LinkLostError, OSError."""
        self._turn("enlisting", "")
        link = await self._connector.connect()
        try:
            async with asyncio.timeout(ENLIST_SECONDS):
                await self._enlist(link)
        except TimeoutError as error:
            await uncancelled(link.end())
            message = f"{self.name}: its examination took more than {ENLIST_SECONDS:.0f} s"
            raise RefusedError(message) from error
        except LinkLostError as error:
            raise LinkLostError(await uncancelled(link.end()), error.loss) from error
        except BaseException:
            link.kill()
            await uncancelled(link.end())
            raise
        self._link = link
        self._turn("running", "")

    async def _enlist(self, link: Link) -> None:
        examination = Examination(link, self._wanted, self.opening, self._take)
        steps = await examination.steps()
        if examination.hello is not None:
            self.cores, self.host = examination.hello.cores, examination.hello.host
        for step in steps:
            if step.passed is False:
                message = f"{self.name}: {step.detail}"
                raise RefusedError(message)
        if self._target != self.opening.workers:
            link.say(say.SetTarget(self._target))

    async def _hear_all(self, link: Link) -> None:
        """Process what the machine says, until the connection is lost."""
        try:
            while (answer := await link.hear()) is not None:
                self._take(answer)
        except Exception:
            log.exception("%s", self.name)
            link.kill()
        self._link = None
        self._listeners.changed()
        self._lose_all(f"{self.name} was lost", has_died=link.loss == "died")
        how = await uncancelled(link.end())
        log.warning("%s: %s; its units go back", self.name, how)
        self._turn(_phase_of(link.loss), how)

    def _turn(self, phase: MachinePhase, reason: str) -> None:
        if (phase, reason) != (self._phase, self._reason):
            self._phase, self._reason = phase, reason
            self._tell()

    def _tell(self) -> None:
        self._listeners.news(self.change)
        self._listeners.changed()

    # ------------------------------------------------------------------ its units

    async def perform(self, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        """Perform a unit. Raises MachineLostError and the errors of the unit."""
        link = self._link
        if link is None:
            message = f"{self.name} is not there"
            raise MachineLostError(message, was_at_work=False)
        number = self._new_number()
        link.say(say.Begin(number, stage.name, say.packed(unit)))
        remote = self._units[number] = RemoteUnit(number, link, self._listeners.store)
        try:
            while (report := await remote.pull()) is not None:
                yield report
        except asyncio.CancelledError:
            late = await remote.closed()
            if late is None:
                raise
            yield late
        finally:
            await remote.closed()
            del self._units[number]

    async def sees(self, path: str) -> bool:
        """Return whether the machine can see a path; False while it is lost."""
        if self._link is None:
            return False
        number = self._new_number()
        look: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._looks[number] = look
        self._link.say(say.Look(number, path))
        try:
            return await look
        finally:
            del self._looks[number]

    def _new_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _take(self, answer: say.Answer) -> None:
        match answer:
            case (
                say.Does(number)
                | say.Gave(number)
                | say.FilePiece(number)
                | say.Ended(number)
                | say.Raised(number)
                | say.Closed(number)
            ):
                if number in self._units:
                    self._units[number].hear(answer)
            case say.Stands(number, is_there):
                if number in self._looks and not self._looks[number].done():
                    self._looks[number].set_result(is_there)
            case say.Log(level, name, text):
                logging.getLogger(name).log(level, "%s: %s", self.name, text)
            case say.Measured(cpu_percent, used, total):
                self._listeners.news(MachineLoad(self.name, cpu_percent, used, total))
            case _:
                message = f"{answer} was not expected"
                raise say.MessageError(message)

    def _lose_all(self, reason: str, *, has_died: bool) -> None:
        for unit in self._units.values():
            unit.lose(reason, has_died=has_died)
        for look in self._looks.values():
            if not look.done():
                look.set_result(False)


def _phase_of(loss: Loss) -> MachinePhase:
    return "silent" if loss == "silent" else "lost"
