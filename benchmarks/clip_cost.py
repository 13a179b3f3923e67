"""What one clip costs: the approach that comes to mind first, others, this program, and the floor.

    python benchmarks/clip_cost.py [--clips 64] [--sample 24 240 sdr] [--rows naive pipe program ...]
    python benchmarks/clip_cost.py --clips 16 --sample 24 --rows pipe program fast      (under 5 minutes)

Samples are made once and kept: 3840x2160 HEVC 10-bit HDR10 at about 55 Mbit/s, B-frames, closed groups
of pictures, with a keyframe every 24 or every 240 frames, and 1080p SDR H.264 with one every 240. 64 clips
need 42 s to share no frame. With more `--seconds` the clips lie further apart, as in a long film, and what is
decoded serves fewer of them.
Every approach takes the same windows, three categories a clip with the default formats, and writes the same
kinds of files; crops are drawn independently.

CPU seconds are user and system time of this process and of all children it has waited for, and wall
seconds are what a clock shows; everything an approach does from its start to its end counts, start-up
and the look at the film included. Of this program the look at the film, which a film costs once however
many clips it gives, is measured once more by itself. Nothing is asserted: figures of a busy machine are
worth little, so the load is printed with them.

`--rounds 3` measures all rows three times, every second time in reverse order, so that noise hits all rows
alike; the table has medians. `naive` and `pipe` start a process per clip, and a clip of theirs costs the same
in any number: `--per-process 16` lets them take the first 16 clips, which are spread over the film like all.

The frames of each clip are compared with the planned frames of the film (clip_frames): "equal" by stored
luma, "same" by resemblance where an approach gives converted pictures only. Of this program the ledger's
timestamps are compared, and each GT with the pixels of `pipe`, whose colours are the same. An approach
without tone mapping says "none" under colour: it does less. Rows that need a package or a GPU which is not
here are left out with the reason; clip_libraries says what to install.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import clip_approaches as ways
from benchmarks.clip_approaches import Approach
from benchmarks.clip_floor import floor
from benchmarks.clip_frames import Taken, compare, compare_pixels, compare_program, film_tiles
from benchmarks.clip_meter import Meter
from benchmarks.clip_patches import CATEGORIES
from benchmarks.clip_samples import KINDS, Sample, make_sample
from benchmarks.clip_tables import FAST, FLOOR, PROGRAM, Measured, Row, by_round, parts_of, table

PIPE, KEYFRAME = "pipe", "keyframe"
PER_PROCESS = {"naive", PIPE}


@dataclass(frozen=True)
class Way:
    """One approach, and how it converts HDR films to SDR."""

    words: str
    colour: str
    take: Approach


WAYS: Mapping[str, Way] = {
    "naive": Way("naive: ffmpeg, 7 PNG, one at a time", "usual", ways.naive),
    PIPE: Way("one ffmpeg per clip, one per core", "exact", ways.one_ffmpeg_per_clip),
    "opencv": Way("OpenCV, a decoder per core", "none", ways.by_library("opencv")),
    "pyav": Way("PyAV, a decoder per core", "none", ways.by_library("pyav")),
    "decord": Way("decord, a decoder per core", "none", ways.by_library("decord")),
    "torchcodec": Way("torchcodec, a decoder per core", "none", ways.by_library("torchcodec")),
    "pynvvideocodec": Way("PyNvVideoCodec, on a GPU", "none", ways.by_library("pynvvideocodec")),
    PROGRAM: Way("this program", "exact", ways.this_program),
    FAST: Way('this program, "hdr": "fast"', "fast", ways.this_program_with(hdr="fast")),
    KEYFRAME: Way("this program, at key frames", "exact", ways.this_program_with(sampling="keyframe")),
    FLOOR: Way("the floor", "", floor),
}


@dataclass(frozen=True)
class Task:
    """One sample and what is taken of it."""

    sample: Sample
    film: NDArray[np.uint16]  # see `film_tiles`
    clips: int
    per_process: int | None

    def clips_of(self, name: str) -> int:
        """Return the number of clips that an approach takes."""
        is_fewer = name in PER_PROCESS and self.per_process is not None
        return min(self.clips, self.per_process or 0) if is_fewer else self.clips


def measure(task: Task, name: str, output: Path) -> tuple[Measured, Taken | None]:
    # Whoever comes first would otherwise read from the disk for all.
    with task.sample.path.open("rb") as film:
        while film.read(1 << 24):
            pass
    meter, clips = Meter(), task.clips_of(name)
    output.mkdir()
    taken = WAYS[name].take(task.sample, clips, output, meter)
    patches = len([path for path in output.rglob("*.png") if path.parent.name == "GT"])
    for part, cost in meter.parts.items():
        # At once, so that a run that is cut short has told something.
        said = f"{cost.cpu_seconds:.1f} CPU s, {cost.wall_seconds:.1f} wall s"
        print(f"{task.sample.kind.words}, {name}, {part}, {clips} clips: {said}", file=sys.stderr, flush=True)
    return Measured(meter.parts, clips, patches), taken


def frames_words(task: Task, name: str, output: Path, taken: Mapping[str, Taken]) -> str:
    """Return what the table says about the frames that an approach took."""
    if name == KEYFRAME:
        return "others"
    if name in taken:
        return compare(taken[name], task.film).words
    found = compare_program(output, task.sample.first_frames(task.clips)).words
    if name != PROGRAM or PIPE not in taken:
        return found
    pixels = compare_pixels(output, taken[PIPE])
    return f"{found}, pixels of {pixels.equal} of {pixels.compared} GT"


def measure_round(task: Task, rows: Mapping[str, Row], *, is_reversed: bool) -> list[str]:
    """Measure all rows once. Returns what failed."""
    failures: list[str] = []
    taken: dict[str, Taken] = {}
    names = [name for name in rows if not rows[name].missing and name != FLOOR]
    names = names[::-1] if is_reversed else names
    with tempfile.TemporaryDirectory(prefix="tui-gen-bench-") as scratch:
        # The floor is last: its parts are those of what the program made.
        for name in [*names, *[name for name in rows if name == FLOOR]]:
            try:
                found, frames = measure(task, name, Path(scratch) / name)
            except ways.MissingError as error:
                rows[name].missing = str(error)
                continue
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                failures.append(f"{task.sample.kind.words}, {name}: {error}")
                rows[name].missing = "failed, see below"
                continue
            rows[name].rounds.append(found)
            if frames is not None:
                taken[name] = frames
        for name in names:
            if rows[name].rounds and not rows[name].missing:
                rows[name].frames = frames_words(task, name, Path(scratch) / name, taken)
    return failures


def measure_sample(task: Task, names: list[str], rounds: int) -> list[str]:
    """Measure all rows in all rounds and print the table. Returns what failed."""
    is_hdr = task.sample.kind.is_hdr
    rows = {
        name: Row(way.words, way.colour if is_hdr or way.colour in {"exact", ""} else "swscale")
        for name, way in WAYS.items()
        if name in names
    }
    failures: list[str] = []
    for number in range(rounds):
        failures += measure_round(task, rows, is_reversed=number % 2 == 1)
    sample = task.sample
    megabits = sample.path.stat().st_size * 8 / sample.seconds / 1e6
    print(
        f"\n{sample.kind.words}: {sample.seconds} s, {megabits:.0f} Mbit/s, {task.clips} clips,"
        f" one every {sample.seconds / task.clips:.2f} s, rounds: {rounds}\n"
    )
    print(table(rows, len(CATEGORIES)), end="\n\n")
    for sentence in parts_of(rows):
        print(sentence)
    if rounds > 1:
        print(by_round(rows))
    sys.stdout.flush()
    return failures


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=50, help="length of the samples")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--per-process", type=int, help="clips of the rows that start a process per clip")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tui-gen-bench")
    parser.add_argument("--sample", choices=KINDS, nargs="+", default=list(KINDS), help="measure these alone")
    # compare_trees.py gives the first name of the option, which earlier versions have too.
    parser.add_argument("--only", "--rows", dest="rows", choices=WAYS, nargs="+", default=list(WAYS))
    parser.add_argument("--make-only", action="store_true", help="make the samples and stop")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    samples = [make_sample(options.cache, KINDS[name], options.seconds) for name in options.sample]
    films = [film_tiles(sample) for sample in samples]
    if options.make_only:
        return 0
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} CPUs, load {load}, Python {platform.python_version()}, OpenCV {cv2.__version__}")
    failures: list[str] = []
    for sample, film in zip(samples, films, strict=True):
        task = Task(sample, film, options.clips, options.per_process)
        failures += measure_sample(task, options.rows, options.rounds)
    print("\nRatios say how many times what this program takes, exact and fast, in the same round.")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
