"""What an engine leaves in its folders: a status file, and a lock that is held."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tui_gen.config.run_config import RunConfig
from tui_gen.engine.model.state import RunState
from tui_gen.engine.storage.lock import Holder, boot_id
from tui_gen.engine.storage.status import status_of


def write_state(config: RunConfig, *, pid: int, phase: str, started_at: float = 100.0, **more: Any) -> None:  # noqa: ANN401
    state = RunState(
        phase=phase,  # type: ignore[arg-type]
        pid=pid,
        host="",
        output=str(config.output),
        started_at=started_at,
        first_started_at=1.0,
        **more,
    )
    config.status_path.write_text(json.dumps(status_of(state, time.time())), encoding="ascii")


@contextmanager
def lock_held(config: RunConfig, socket: str = "") -> Iterator[None]:
    """Hold the lock as an engine on this machine does."""
    holder = Holder(1, "box", boot_id(), socket)
    with (config.run_folder / "lock").open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps({name: getattr(holder, name) for name in ("pid", "host", "boot_id", "socket")}))
        file.flush()
        yield
