"""Machines without processes: a stand-in for an executor of several machines, and for that of a cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping

from tui_gen.base.errors import RefusedError
from tui_gen.engine.executors.base import MachineChange, MachineLostError, MachineNews, MachinePhase
from tui_gen.engine.executors.local import LocalExecutor
from tui_gen.engine.model.work import Clip, Doing, Report, Stage, Unit


class Machines(LocalExecutor):
    """Some machines of a few places each. One is lost whenever a clip of `poison` is begun."""

    def __init__(self, places: Mapping[str, int], poison: Mapping[Clip, int] | None = None) -> None:
        self.places, self.poison = dict(places), dict(poison or {})
        self.most = Counter[str]()
        self.call: Callable[[], None] = lambda: None

    def place(self, in_hand: Mapping[str, int], source: str, stage: Stage | None = None) -> str:
        del source, stage
        found = next((name for name, room in self.places.items() if in_hand.get(name, 0) < room), None)
        if found is not None:
            self.most[found] = max(self.most[found], in_hand.get(found, 0) + 1)
        return found  # type: ignore[return-value] # LocalExecutor always has room

    def target(self, machine: str) -> int:
        return self.places.get(machine, 0)

    async def perform(self, machine: str, stage: Stage, unit: Unit) -> AsyncGenerator[Report, None]:
        async for report in super().perform(machine, stage, unit):
            if isinstance(report, Doing) and self.poison.get(report.clip):
                self.poison[report.clip] -= 1
                message = f"{machine} was killed"
                raise MachineLostError(message)
            yield report

    def on_change(self, call: Callable[[], None]) -> None:
        self.call = call


class Cluster(Machines):
    """Machines that are told of and have a capacity. `cores`: 4 each, where nothing else is said."""

    def __init__(self, places: Mapping[str, int], cores: Mapping[str, int] | None = None) -> None:
        super().__init__(places)
        self._cores = dict(cores or {})
        self._phases: dict[str, MachinePhase] = dict.fromkeys(places, "running")
        self._reasons = dict.fromkeys(places, "")
        self.tell: Callable[[MachineNews], None] = lambda _: None

    @property
    def capacity(self) -> int:  # type: ignore[override] # LocalExecutor has none
        return sum(self.places.values())

    def set_target(self, machine: str, workers: int) -> None:
        if machine not in self.places:
            message = f"{machine}: not a machine of this cluster"
            raise RefusedError(message)
        self.places[machine] = workers
        self.tell(self._news(machine))
        self.call()

    def on_machine(self, call: Callable[[MachineNews], None]) -> None:
        self.tell = call
        for name in self.places:
            call(self._news(name))

    def enlist_again(self) -> None:
        for name, phase in self._phases.items():
            if phase == "refused":
                self.change(name, "enlisting", workers=0)

    def change(self, name: str, phase: MachinePhase, reason: str = "", *, workers: int) -> None:
        """Let a machine change, or come."""
        self._phases[name], self._reasons[name], self.places[name] = phase, reason, workers
        self.tell(self._news(name))
        self.call()

    def _news(self, name: str) -> MachineChange:
        cores = self._cores.get(name, 4)
        return MachineChange(name, self._phases[name], self._reasons[name], self.places[name], cores)
