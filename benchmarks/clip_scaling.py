"""How the cost of a run grows: with the clips of one film, and with the films; and whether memory does.

    python benchmarks/clip_scaling.py [--clips 10 100 1000] [--films 1 10 100] [--workers N]

Runs the program on small films, several hundred clips a minute, and prints for each run CPU and wall
seconds, both also a clip beyond the smallest run, the share of all cores in use while it worked, and how
much memory its processes held: at a quarter of the run, at its end, and at most. What a process shares
with others is counted once. At the end of each run no child and no temporary file may be left.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg
import psutil

SAMPLE_SECONDS = 0.5
FRAMES_PER_SECOND = 24
APART_FRAMES = 24
"""Frames of the film for each clip: of clips spread evenly two neighbours may lie as close as a third of it,
and closer than 8 they would overlap."""
FORMAT = {"tiny": {"gt_size": [192, 192], "lr_size": [64, 64], "probability": 1.0}}


@dataclass(frozen=True)
class Sample:
    """The processes of a run at one moment."""

    at_seconds: float
    memory_bytes: int
    processes: int


@dataclass
class Run:
    """One run of the program, watched."""

    clips: int
    films: int
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    patches: int = 0
    busy_share: float = 0.0
    left_over: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def memory_megabytes(self, share: float) -> float:
        """Return what was held around a moment of the run, 0 its start and 1 its end."""
        # A median: the last clip of a stretch and the first of the next may overlap.
        middle = min(len(self.samples) - 1, int(share * len(self.samples)))
        near = self.samples[max(0, middle - 4) : middle + 5]
        return sorted(sample.memory_bytes for sample in near)[len(near) // 2] / 1e6


def make_film(path: Path, seconds: float, number: int) -> None:
    graph = f"testsrc2=s=640x360:r={FRAMES_PER_SECOND}:d={seconds},hue=h={37 * number},noise=alls=8:allf=t"
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "24", "-g", "48", "-pix_fmt", "yuv420p")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi"]
    subprocess.run([*command, "-i", graph, *coding, str(path)], check=True)


def configuration(folder: Path, films: Sequence[Path], clips: int, workers: int) -> Path:
    """Write a configuration that takes so many clips from each film."""
    settings = {
        "base_settings": {
            "base_frame_limit": clips,
            "max_workers": workers,
            "output_base_dir": str(folder / "output"),
            "min_free_gb": 0,
        },
        "format_config": {"general": FORMAT},
        "videos": [
            {"name": f"film {n}", "path": str(film), "categories": {"general": 1.0}}
            for n, film in enumerate(films)
        ],
    }
    path = folder / "config.json"
    path.write_text(json.dumps(settings))
    return path


def watched(folder: Path, config: Path, run: Run) -> Run:
    """Run the program to its end and note what it takes."""
    began, busy = time.monotonic(), psutil.cpu_times()
    command = [sys.executable, "-m", "tui_gen", "run", str(config)]
    environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir()
    child = psutil.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    everybody: set[psutil.Process] = set()
    before = psutil.Process().cpu_times()
    while child.poll() is None:
        family = [child, *child.children(recursive=True)]
        everybody.update(family)
        run.samples.append(Sample(time.monotonic() - began, sum(map(memory_bytes, family)), len(family)))
        time.sleep(SAMPLE_SECONDS)
    run.wall_seconds = time.monotonic() - began
    after = psutil.Process().cpu_times()
    run.cpu_seconds = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    now = psutil.cpu_times()
    run.busy_share = 1 - (now.idle + now.iowait - busy.idle - busy.iowait) / (
        run.wall_seconds * (os.cpu_count() or 1)
    )
    run.patches = len(list((folder / "output").rglob("GT/*.png")))
    run.left_over = [str(path) for path in left_over(folder)]
    run.left_over += [repr(process) for process in everybody if process.is_running() and process != child]
    return run


def memory_bytes(process: psutil.Process) -> int:
    """Return its memory, what it shares with others divided among them."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it ended meanwhile
        return 0


def left_over(folder: Path) -> Iterator[Path]:
    """Yield the temporary files that are left."""
    # The folder of the control socket stays; the socket itself does not.
    yield from (path for path in (folder / "tmp").rglob("*") if not path.is_dir())
    for temporaries in (folder / "output").rglob(".tui-gen-tmp"):
        yield from temporaries.iterdir()


def print_run(run: Run, first: Run) -> None:
    beyond = run.patches - first.patches
    growth = ("", "")
    if beyond:
        growth = (
            f"{(run.cpu_seconds - first.cpu_seconds) / beyond * 1000:.0f}",
            f"{(run.wall_seconds - first.wall_seconds) / beyond * 1000:.0f}",
        )
    print(
        f"{run.films:>5} {run.clips:>6} {run.patches:>8} {run.cpu_seconds:>7.1f} {run.wall_seconds:>7.1f}"
        f" {growth[0]:>8} {growth[1]:>8} {run.busy_share:>7.0%} {run.memory_megabytes(0.25):>8.0f}"
        f" {run.memory_megabytes(0.95):>6.0f} {max(s.memory_bytes for s in run.samples) / 1e6:>6.0f}"
        f" {max(s.processes for s in run.samples):>6}"
    )
    for name in run.left_over:
        print(f"      left over: {name}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clips", type=int, nargs="*", default=[10, 100, 1000], help="of one film")
    parser.add_argument("--films", type=int, nargs="*", default=[1, 10, 100], help="of ten clips each")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    print("              patches   CPU s  wall s  CPU ms  wall ms   cores   memory in MB          most")
    print("films  clips     made  in all  in all  a clip   a clip  in use  quarter    end   most  processes")
    is_clean = True
    with tempfile.TemporaryDirectory(prefix="tui-gen-bench-") as name:
        films = [Path(name) / f"film{n}.mkv" for n in range(max([1, *options.films]))]
        longest = max([10, *options.clips])
        for n, film in enumerate(films):
            make_film(film, (longest if n == 0 else 10) * APART_FRAMES / FRAMES_PER_SECOND + 2, n)
        for sizes in ([(1, clips) for clips in options.clips], [(count, 10) for count in options.films]):
            runs: list[Run] = []
            for count, clips in sizes:
                folder = Path(name) / f"{count}x{clips}-{time.monotonic_ns()}"
                folder.mkdir()
                config = configuration(folder, films[:count], clips, options.workers)
                runs.append(watched(folder, config, Run(clips, count)))
                print_run(runs[-1], runs[0])
                is_clean &= not runs[-1].left_over
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
