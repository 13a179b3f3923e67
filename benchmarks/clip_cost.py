"""What one clip costs: the approach that comes to mind first, others, this program, and the floor.

    python benchmarks/clip_cost.py [--clips 16] [--sample 24 240 sdr] [--only naive program ...]

Samples are made once and kept: 3840x2160 HEVC 10-bit HDR10 at about 55 Mbit/s, B-frames, closed groups
of pictures, with a keyframe every 24 or every 240 frames, and 1080p SDR H.264 with one every 240. Every
approach takes the same windows, three categories a clip with the default formats, and writes the same
kinds of files; crops are drawn independently.

CPU seconds are user and system time of this process and of all children it has waited for, and wall
seconds are what a clock shows; everything an approach does from its start to its end counts, start-up
and the look at the film included. Of this program the look at the film, which a film costs once however
many clips it gives, is measured once more by itself. Nothing is asserted: figures of a busy machine are
worth little, so the load is printed with them.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import clip_approaches as ways
from benchmarks.clip_approaches import PROGRAM
from benchmarks.clip_floor import floor
from benchmarks.clip_meter import Cost, Meter
from benchmarks.clip_samples import KINDS, Sample, make_sample

FLOOR = "floor"
Approach = Callable[[Sample, int, Path, Meter], None]
APPROACHES: Mapping[str, tuple[str, Approach]] = {
    "naive": ("naive: ffmpeg, 7 PNG, one at a time", ways.naive),
    "pipe": ("one ffmpeg per clip, one per core", ways.one_ffmpeg_per_clip),
    "opencv": ("OpenCV, seeking (not tone-mapped)", ways.opencv),
    "pyav": ("PyAV, plain seeks (not tone-mapped)", ways.pyav),
    PROGRAM: ("this program", ways.this_program),
    "fast": ('this program, "hdr": "fast"', ways.this_program_fast),
    "keyframe": ("this program, at key frames", ways.this_program_at_key_frames),
    FLOOR: ("the floor", floor),
}


@dataclass(frozen=True)
class Measured:
    """What one approach took for one sample."""

    parts: Mapping[str, Cost]
    patches: int

    @property
    def whole(self) -> Cost:
        """The approach itself, or the sum of the floor's parts."""
        parts = [self.parts["whole"]] if "whole" in self.parts else list(self.parts.values())
        return Cost(sum(part.cpu_seconds for part in parts), sum(part.wall_seconds for part in parts))


def measure(approach: Approach, sample: Sample, clips: int, output: Path) -> Measured:
    # Whoever comes first would otherwise read from the disk for all.
    with sample.path.open("rb") as film:
        while film.read(1 << 24):
            pass
    meter = Meter()
    output.mkdir()
    approach(sample, clips, output, meter)
    patches = len([path for path in output.rglob("*.png") if path.parent.name == "GT"])
    for part, cost in meter.parts.items():
        # At once, so that a run that is cut short has told something.
        said = f"{cost.cpu_seconds:.1f} CPU s, {cost.wall_seconds:.1f} wall s"
        print(f"{sample.kind.words}, {output.name}, {part}: {said}", file=sys.stderr, flush=True)
    return Measured(meter.parts, patches)


def print_sample(sample: Sample, measured: Mapping[str, Measured], clips: int) -> None:
    megabits = sample.path.stat().st_size * 8 / sample.seconds / 1e6
    print(f"\n{sample.kind.words}: {sample.seconds} s, {megabits:.0f} Mbit/s, {clips} clips")
    print(f"{'':<36} {'CPU s/clip':>10} {'wall s/clip':>11} {'CPU':>7} {'wall':>6}  patches")
    ours = measured[PROGRAM].whole if PROGRAM in measured else None
    for name, found in measured.items():
        whole = found.whole
        ratios = ("", "")
        if ours is not None:
            ratios = (
                f"{whole.cpu_seconds / ours.cpu_seconds:.2f}x",
                f"{whole.wall_seconds / ours.wall_seconds:.2f}x" if name != FLOOR else "",
            )
        wanted = clips * len(ways.CATEGORIES)
        patches = "" if name == FLOOR else str(found.patches)
        complete = "" if name == FLOOR or found.patches == wanted else f" of {wanted}"
        wall = f"{whole.wall_seconds / clips:>11.2f}" if name != FLOOR else f"{'':>11}"
        print(
            f"{APPROACHES[name][0]:<36} {whole.cpu_seconds / clips:>10.2f} {wall}"
            f" {ratios[0]:>7} {ratios[1]:>6}  {patches}{complete}"
        )
    print_parts(measured, clips)


def print_parts(measured: Mapping[str, Measured], clips: int) -> None:
    if PROGRAM not in measured:
        return
    whole, once = measured[PROGRAM].whole, measured[PROGRAM].parts["once per film"]
    clip_cpu = (whole.cpu_seconds - once.cpu_seconds) / clips
    clip_wall = (whole.wall_seconds - once.wall_seconds) / clips
    used = whole.cpu_seconds / whole.wall_seconds / (os.cpu_count() or 1)
    print(
        f"this program: {whole.cpu_seconds:.1f} CPU s and {whole.wall_seconds:.1f} wall s in all, of which"
        f" once per film {once.cpu_seconds:.1f} and {once.wall_seconds:.1f}; beside that, a clip costs"
        f" {clip_cpu:.2f} and {clip_wall:.2f}; {used:.0%} of the cores used"
    )
    if FLOOR in measured:
        parts = {name: cost.cpu_seconds / clips for name, cost in measured[FLOOR].parts.items()}
        said = ", ".join(f"{name} {seconds:.2f}" for name, seconds in parts.items())
        total = sum(parts.values())
        print(
            f"the floor: {said} CPU s a clip; in all this program takes"
            f" {whole.cpu_seconds / clips / total:.2f} times that, beside what it does once per film"
            f" {clip_cpu / total:.2f} times"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=30, help="length of the samples")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tui-gen-bench")
    parser.add_argument("--sample", choices=KINDS, nargs="+", default=list(KINDS), help="measure these alone")
    parser.add_argument("--only", choices=APPROACHES, nargs="+", default=list(APPROACHES), metavar="APPROACH")
    parser.add_argument("--make-only", action="store_true", help="make the samples and stop")
    options = parser.parse_args()
    samples = [make_sample(options.cache, KINDS[name], options.seconds) for name in options.sample]
    if options.make_only:
        return 0
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} CPUs, load {load}, Python {platform.python_version()}, OpenCV {cv2.__version__}")
    failures: list[str] = []
    for sample in samples:
        measured: dict[str, Measured] = {}
        with tempfile.TemporaryDirectory(prefix="tui-gen-bench-") as scratch:
            for name in options.only:
                try:
                    output = Path(scratch) / name
                    measured[name] = measure(APPROACHES[name][1], sample, options.clips, output)
                except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                    failures.append(f"{sample.kind.words}, {name}: {error}")
        print_sample(sample, measured, options.clips)
    print("\nRatios say how many times what this program takes; of the floor they are of its CPU time alone.")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
