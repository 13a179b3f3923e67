"""Numbers and words that are derived from the machines of a cluster. Pure.

The names and reasons of machines are untrusted text: views make them printable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tui_gen.engine.model.eta import RATE_MINUTES
from tui_gen.engine.model.machine_events import NEEDS_HELP
from tui_gen.engine.model.machine_state import MachineState
from tui_gen.engine.model.state import RunState
from tui_gen.engine.model.worker_room import WORKERS_A_CORE

_DIGITS = re.compile(r"(\d+)")
_STEP_SECONDS, _MINUTE, _HOUR = 10.0, 60.0, 3600.0


def machines_of(state: RunState) -> list[MachineState]:
    """Return the machines met in this run, in the order of their names: box2 before box10."""
    met = [machine for machine in state.machines.values() if machine.phase]
    return sorted(met, key=lambda machine: _in_order(machine.name))


def machines_with_work(state: RunState) -> list[MachineState]:
    """Return the machines that made clips in this run or earlier ones, and those met in this run."""
    known = [machine for machine in state.machines.values() if machine.phase or machine.clips_made]
    return sorted(known, key=lambda machine: _in_order(machine.name))


def _in_order(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(name) if part]


def clips_made_at_home(state: RunState) -> int:
    """Return the made clips that no machine of a cluster performed."""
    return state.clips_made - sum(machine.clips_made for machine in state.machines.values())


def clips_per_minute(state: RunState, machine: MachineState, now: float) -> float | None:
    """Return the clips that a machine made a minute, in the last whole minutes (up to five) of its work.

    None if the machine does not run, or has run for less than a minute of them.
    """
    if machine.phase != "running":
        return None
    this_minute = int(now // 60)
    first = this_minute - RATE_MINUTES
    begin = max(first, -int(-machine.changed_at // 60))
    minutes = state.making.within(begin * 60.0, this_minute * 60.0) / 60
    if minutes < 1:
        return None
    return sum(each.clips for each in machine.minutes if begin <= each.minute < this_minute) / minutes


def in_hand_words(machine: MachineState) -> str:
    """Return `6/8`: the units that a machine performs, and the most that it may."""
    return f"{machine.in_hand}/{machine.workers}"


def phase_words(machine: MachineState, now: float) -> str:
    """Return the phase, for how long a machine is silent, and the reason: `refused: another version`."""
    phase = machine.phase
    if phase == "silent":
        phase = f"silent for {_steps(now - machine.changed_at)}"
    return f"{phase}: {machine.reason}" if machine.reason else phase


def _steps(seconds: float) -> str:
    """Return `40 s`: in steps, because a line that changes each second is sent each second."""
    if seconds >= 2 * _HOUR:
        return f"{int(seconds // _HOUR)} h"
    if seconds >= 2 * _MINUTE:
        return f"{int(seconds // _MINUTE)} min"
    return f"{max(1, int(seconds // _STEP_SECONDS)) * int(_STEP_SECONDS)} s"


def in_trouble(state: RunState) -> list[MachineState]:
    """Return the machines that need help: those refused, then those lost, then the silent ones."""
    troubled = [machine for machine in machines_of(state) if machine.phase in NEEDS_HELP]
    return sorted(troubled, key=lambda machine: NEEDS_HELP.index(machine.phase))


# ------------------------------------------------------------------ numbers of workers


def may_work(machine: MachineState) -> bool:
    """Return whether the number of a machine's workers can be changed with effect."""
    return machine.phase in {"running", "waiting"}


def emptiest(machines: Iterable[MachineState], workers: Mapping[str, int]) -> MachineState | None:
    """Return the machine with the fewest workers for each core, of those that may work; None without one.

    A machine that waits is only taken if none runs.
    """
    able = filter(may_work, machines)
    return min(able, key=lambda each: (each.phase != "running", _per_core(each, workers)), default=None)


def fullest(machines: Iterable[MachineState], workers: Mapping[str, int]) -> MachineState | None:
    """Return the machine with the most workers for each core, of those that may work; None without one."""
    able = [each for each in machines if may_work(each) and workers[each.name]]
    return max(able, key=lambda each: _per_core(each, workers), default=None)


def _per_core(machine: MachineState, workers: Mapping[str, int]) -> float:
    return workers[machine.name] / max(1, machine.cores)


def divided(count: int, cores: Mapping[str, int]) -> dict[str, int]:
    """Return how many of `count` workers each machine gets: by its cores, with the largest remainders."""
    whole = sum(cores.values())
    if not whole:
        return dict.fromkeys(cores, 0)
    shares = {name: count * number / whole for name, number in cores.items()}
    given = {name: int(share) for name, share in shares.items()}
    rest = sorted(cores, key=lambda name: (given[name] - shares[name], _in_order(name)))
    for name in rest[: count - sum(given.values())]:
        given[name] += 1
    return given


def doubt_of_workers(machine: MachineState, count: int) -> str:
    """Return why a number of workers is more than a machine bears, in a sentence; empty if it is not."""
    busy = WORKERS_A_CORE * machine.cores
    if not machine.cores or count <= max(busy, machine.workers):
        return ""
    cores = "1 core" if machine.cores == 1 else f"{machine.cores} cores"
    return f"{machine.name}: {cores} keep up with {busy} workers; more make nothing faster."


def unknown_machine(name: str, state: RunState) -> str:
    """Return why a machine cannot be steered, with the names of those that are known."""
    names = [machine.name for machine in machines_of(state)]
    if not names:
        return f"{name}: this run has no other machines"
    return f"{name}: no machine is called that; known are {', '.join(names)}"


def lines_of_trouble(state: RunState, now: float) -> Iterator[str]:
    """Yield `box2 refused: another version` for each machine that needs help."""
    for machine in in_trouble(state):
        yield f"{machine.name} {phase_words(machine, now)}"
