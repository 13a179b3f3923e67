"""The program with less patience: `python hurried.py '{"stall": [3, 2], ...}' run CONFIG`.

Its waits are constants of the code, meant for disks and films; here they are made shorter from outside,
so that the program itself needs no setting that only tests would use.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any


def hurry(waits: dict[str, Any]) -> None:
    """Shorten "stall" (first and later sign of life), "sources", "output" and "beat"; obey "kill".

    "at_once" workers begin at once, whatever the memory.
    """
    from tui_gen.engine.run import housekeeping
    from tui_gen.engine.scheduling import scheduler, source_waits
    from tui_gen.engine.storage import recorder
    from tui_gen.processes import children

    if "stall" in waits:
        first_seconds, next_seconds = waits["stall"]

        def limits(self: object, *_: object, **__: object) -> None:
            object.__setattr__(self, "first_seconds", first_seconds)
            object.__setattr__(self, "next_seconds", next_seconds)

        vars(children)["StallLimits"].__init__ = limits
    if "sources" in waits:
        vars(source_waits)["LOOK_FOR_SOURCES_SECONDS"] = waits["sources"]
    if "output" in waits:
        for module in (scheduler, recorder):
            vars(module)["TRY_AGAIN_SECONDS"] = waits["output"]
    if "at_once" in waits:
        from tui_gen.commands.run import performing
        from tui_gen.engine.scheduling.options import Machine
        from tui_gen.processes.machine_memory import Memory

        def roomy(**_: object) -> Machine:
            return Machine(cores=waits["at_once"], memory=lambda: Memory(1 << 50, 1 << 50))

        vars(performing)["Machine"] = roomy
    if "beat" in waits:
        vars(housekeeping)["BEAT_SECONDS"] = waits["beat"]
    if "kill" in waits:
        kill_at(*waits["kill"])


CALLS = {
    "rename": [(os, "rename"), (os, "replace")],
    "fsync": [(os, "fsync")],
    "open": [(os, "open"), (io, "open")],
}


def kill_at(kind: str, number: int, output: str) -> None:
    """Die at the n-th call of a kind that the program makes, in whatever thread, on its own output."""
    lock, count = threading.Lock(), 0

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def made(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - stands for any call
            nonlocal count
            place = str(arguments[0])
            if kind == "fsync" or place.startswith(output) or more.keys() & {"dir_fd", "src_dir_fd"}:
                with lock:
                    count += 1
                    if count == number:
                        os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **more)

        return made

    for module, name in CALLS[kind]:
        setattr(module, name, dying(getattr(module, name)))


if __name__ == "__main__":
    hurry(json.loads(sys.argv[1]))
    from tui_gen.cli.main import main

    sys.exit(main(sys.argv[2:]))
