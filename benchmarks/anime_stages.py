"""CPU and memory of the stages of the job anime, on the drawn episodes.

    python benchmarks/anime_stages.py [--workers 1]

Each stage is a run of its own. The CPU is that of the run with all its children, less that of a run with
nothing to do; the memory is that of its largest process. The last but one line is a second run that finds
nothing to do.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tui_gen.jobs.anime.config.stage_names import NUMBERS
from tui_gen.jobs.anime.demo.make import make_demo

ROOT = Path(__file__).parents[1]
COUNTED = {
    1: "raw",
    2: "cropped",
    3: "classified",
    4: "training",
    5: "training",
    6: "training",
    7: "training",
}
FRAMES = 840
"""Of both drawn episodes."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost."""

    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int  # of the largest process


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=1)
    workers = parser.parse_args().workers
    print(f"{workers} worker(s), load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        config = make_demo(Path(folder, "demo"), say=lambda _: None)
        entries = {
            "job": "anime", "output_dir": "dataset", "sources": ["episodes"], "n_anime_reg": 10,
            "min_free_gb": 0, "nice": 0, "max_workers": workers,
        }  # fmt: skip
        print(f"{'stage':<32}{'images':>7}{'cpu s':>8}{'ms each':>9}{'wall s':>8}{'largest':>10}")
        total = 0.0
        for number, names in NUMBERS.items():
            config.write_text(json.dumps({**entries, "start_stage": number, "end_stage": number}))
            done, idle = cost_of(config), cost_of(config)
            cpu = max(0.0, done.cpu_seconds - idle.cpu_seconds)
            total += done.wall_seconds
            images = FRAMES if number == 1 else count(config.parent / "dataset", COUNTED[number])
            row = f"{number} {', '.join(names)}"
            print(f"{row:<32}{images:>7}{cpu:>8.1f}{1000 * cpu / max(images, 1):>9.1f}", end="")
            print(f"{done.wall_seconds:>8.1f}{done.memory_bytes / 1e6:>7.0f} MB")
        config.write_text(json.dumps(entries))
        cost_of(config)
        idle = cost_of(config)
        print(f"{'all again, nothing to do':<39}{idle.cpu_seconds:>8.1f}{'':>9}{idle.wall_seconds:>8.1f}")
        print(f"all stages: {total:.1f} s of wall time, one after the other")


def cost_of(config: Path) -> Cost:
    began = time.monotonic()
    run = subprocess.Popen(
        [sys.executable, "-m", "tui_gen", "run", str(config)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode:
        sys.exit(f"exit {run.returncode}: {run.stderr.read().decode() if run.stderr else ''}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - began, memory_of(usage))


def memory_of(usage: resource.struct_rusage) -> int:
    """Return the largest resident size of the run and of its children, which Linux counts in KiB."""
    return usage.ru_maxrss * 1024


def count(output: Path, level: str) -> int:
    folder = output / "training" if level == "training" else output / "intermediate" / "screenshots" / level
    return sum(path.suffix in {".png", ".webp"} for path in folder.rglob("[!.]*"))


if __name__ == "__main__":
    main()
