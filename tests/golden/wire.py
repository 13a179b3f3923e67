"""The words of the control socket: lines that a client sends, and answers of an engine.

A recorded engine answers a client; a plain socket asks an engine. Neither needs the other version.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self

import imageio_ffmpeg

from tests.golden.program import FILMS, HERE, Ended, run

RECORD = HERE / "wire.json"
ORDERS = ("status", "pause", "resume", "drain", "stop")
COMMANDS = tuple({"is": name} for name in ("Pause", "Resume", "Drain", "Stop"))
DONE = "done as recorded"
ANSWER_SECONDS = 60.0
REPEATS = 60
CLIPS = 400
"""So many clips take longer than any test needs."""

SETTINGS: dict[str, Any] = {
    "base_settings": {
        "output_base_dir": "dataset",
        "base_frame_limit": CLIPS,
        "max_workers": 1,
        "min_free_gb": 0.01,
        "nice": 0,
    },
    "format_config": {"toon": {"mini": {"gt_size": [24, 24], "lr_size": [8, 8], "probability": 1.0}}},
    "videos": [{"name": "Long", "path": "long.mkv", "id": "long", "categories": {"toon": 1}}],
}


def lay_out_long_film(folder: Path) -> Path:
    """Put a film of two minutes and its configuration into a folder; return the configuration's path."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error"]
    source = ["-stream_loop", str(REPEATS), "-i", str(FILMS / "sdr_tagged.mp4")]
    subprocess.run([*ffmpeg, *source, "-c", "copy", str(folder / "long.mkv")], check=True)
    config = folder / "generator_config.json"
    config.write_text(json.dumps(SETTINGS), encoding="ascii")
    return config


def give_order(config: Path, order: str, *flags: str, env: dict[str, str] | None = None) -> Ended:
    """Give an order by `ctl`, in the folder of the configuration."""
    return run("ctl", "-c", config, order, *flags, env=env, cwd=None if env is None else config.parent)


# ------------------------------------------------------------------ asking an engine


class Line:
    """A connection to a control socket that sends and receives lines."""

    def __init__(self, path: Path) -> None:
        """Connect."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_SECONDS)
        self._socket.connect(str(path))
        self._lines: IO[bytes] = self._socket.makefile("rb")

    def ask(self, line: str) -> dict[str, Any]:
        """Send a line as it is and return the answer."""
        self._socket.sendall(line.encode("ascii"))
        answer: dict[str, Any] = json.loads(self._lines.readline())
        return answer

    def __enter__(self) -> Self:
        """Return the connection itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._lines.close()
        self._socket.close()


def shapes(value: Any) -> Iterator[tuple[str, tuple[str, ...]]]:  # noqa: ANN401 - JSON
    """Yield the class and the keys of every object of an answer."""
    if isinstance(value, dict):
        if "is" in value:
            yield value["is"], tuple(sorted(value))
        for item in value.values():
            yield from shapes(item)
    elif isinstance(value, list):
        for item in value:
            yield from shapes(item)


# ------------------------------------------------------------------ answering a client


class RecordedEngine:
    """Holds the lock of a run folder and answers as an engine of the record; keeps what it was asked."""

    def __init__(self, config: Path, *, state: dict[str, Any], status: dict[str, Any]) -> None:
        """Take the state that it tells and the content of its status file. The `with` block opens all."""
        self._folder, self._state, self._status = config.parent, state, status
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        """Take the lock and listen."""
        run_folder = self._folder / "dataset" / ".tui-gen"
        run_folder.mkdir(parents=True, exist_ok=True)
        self._server = socket.create_server(str(self._folder / "socket"), family=socket.AF_UNIX)
        self._lock = (run_folder / "lock").open("w", encoding="ascii")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "boot_id": boot_id}
        self._lock.write(json.dumps({**holder, "socket": str(self._folder / "socket")}) + "\n")
        self._lock.flush()
        now = {"heartbeat": time.time(), "last_update": time.time()}
        text = json.dumps({**self._status, **holder, **now})
        (self._folder / "dataset" / ".generator_status.json").write_text(text, encoding="ascii")
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of all."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(ANSWER_SECONDS)
        self._lock.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:  # closed
                return
            with client, client.makefile("rb") as lines:
                for line in lines:
                    self.asked.append(line.decode("ascii"))
                    client.sendall(json.dumps(self._answer(line)).encode("ascii") + b"\n")

    def _answer(self, line: bytes) -> dict[str, Any]:
        asked = json.loads(line)
        if asked.get("ask") == "state" and isinstance(asked.get("after"), int):
            return {"state": self._state}
        if asked.get("command") in COMMANDS:
            return {"done": DONE}
        return {"refused": "not understood: KeyError: 'command'"}
