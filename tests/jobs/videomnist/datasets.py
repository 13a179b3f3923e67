"""Small datasets of drawn digits: a configuration as a user writes it, and what a run makes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.program import Done, Running, command, run_inside
from tests.engine import invariants
from tui_gen.engine.run.session import replay

SMALL: Mapping[str, Any] = {
    "job": "videomnist",
    "output_dir": "dataset",
    "digits": "drawn",
    "videos_per_digit": 3,
    "test_videos_per_digit": 1,
    "sequence_length": 8,
    "create_samples": False,
    "max_workers": 2,
    "min_free_gb": 0,
}


@dataclass(frozen=True, slots=True)
class Digits:
    """A configuration in a folder of its own."""

    config: Path

    @property
    def output(self) -> Path:
        """The output folder."""
        return self.config.parent / "dataset"

    @property
    def h5(self) -> Path:
        """The HDF5 file."""
        return self.output / "videomnist.h5"

    @property
    def shards(self) -> Path:
        """Where videos wait for the file."""
        return self.output / ".tui-gen" / "shards"

    def edit(self, **changes: object) -> None:
        """Change keys of the configuration."""
        self.config.write_text(json.dumps({**json.loads(self.config.read_text()), **changes}))

    def call(self, name: str, *flags: str) -> Done:
        """Call a command in this process."""
        return run_inside(name, self.config, *flags)

    def complete(self, *flags: str) -> str:
        """Run to the end in this process; return the hash of the file."""
        done = self.call("run", *flags)
        assert done.code == 0, str(done)
        state, damage = replay(self.output / ".tui-gen")
        assert damage == []
        invariants.check(state)
        return self.digest()

    def digest(self) -> str:
        """Return the hash of the file."""
        return hashlib.sha256(self.h5.read_bytes()).hexdigest()

    def start(self, *flags: str) -> Running:
        """Start a run as a process of its own."""
        return Running(command("run", self.config, *flags))

    def made(self) -> list[str]:
        """Return the id of every video that the ledger says was made, in its order."""
        lines = (self.output / ".tui-gen" / "ledger.jsonl").read_bytes().splitlines()
        entries = [json.loads(line) for line in lines]
        made = [line for line in entries if line["kind"] == "clip" and line["outcome"] == "made"]
        return [str(line["id"]) for line in made if not line["id"].startswith("dataset")]


def digits_in(folder: Path, **changes: object) -> Digits:
    """Write a configuration into a new folder."""
    folder.mkdir(parents=True)
    config = folder / "generator_config.json"
    config.write_text(json.dumps({**SMALL, **changes}))
    return Digits(config)
