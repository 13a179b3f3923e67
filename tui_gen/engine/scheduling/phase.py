"""The phase of a run, as screens and the ledger have it, with the reason for which the run waits."""

from __future__ import annotations

import logging
from collections.abc import Sized

from tui_gen.engine.model import events as ev
from tui_gen.engine.model.machine_events import NO_MACHINE
from tui_gen.engine.model.run_result import Ending
from tui_gen.engine.model.state import RunState
from tui_gen.engine.scheduling.gate import Gate
from tui_gen.engine.storage.recorder import Recorder

log = logging.getLogger(__name__)


def phase_of(
    state: RunState, ending: Ending | None, gate: Gate, workers: Sized, *, can_work: bool
) -> tuple[str, str]:
    """Return the phase, and why the run waits where it waits. Pure.

    `can_work` is False if a unit is left, no machine has room for it and no worker is active.
    """
    if ending is not None:
        return ("stopping" if ending == "stop" else "draining"), ""
    if gate.is_paused:
        return "paused", gate.pause_reason
    if gate.is_closed:
        return "waiting", gate.reason
    if not can_work:
        return "waiting", NO_MACHINE
    unreachable = {source.unreachable for source in state.sources.values() if source.unreachable}
    if unreachable and not workers:
        return "waiting", "; ".join(sorted(unreachable))
    return "running", ""


def record_phase(recorder: Recorder, phase: str, reason: str) -> None:
    """Record a phase and its reason if they are new."""
    if (phase, reason) == (recorder.state.phase, recorder.state.reason):
        return
    event = ev.PhaseChanged(recorder.now(), phase, reason)
    try:
        recorder.write(event)
    except OSError as error:
        # The phases in the ledger only serve the working time of past runs; on a full disk one may be lost.
        log.warning("cannot write the ledger: %s", error.strerror)
        recorder.show(event)
