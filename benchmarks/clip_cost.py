"""What one clip costs: the approach that comes to mind first against this program, on 4K HDR10 films.

    python benchmarks/clip_cost.py [--clips 16] [--seconds 30] [--cache DIR] [--only APPROACH]

Two samples are made once and kept: 3840x2160 HEVC 10-bit HDR10 at about 55 Mbit/s, B-frames, closed
groups of pictures, one with a keyframe every 24 frames and one with a keyframe every 240. They differ
in nothing else. Both approaches cut the same number of clips at the same times, three categories a
clip with the default formats, and write the same kinds of files; their crops are drawn independently.

CPU seconds are user and system time of this process and of all children it has waited for, and wall
seconds are what a clock shows; everything an approach does from its start to its end counts, start-up
and the look at the film included. Nothing is asserted: figures of a busy machine are worth little, so
the load is printed with them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np

FRAMES = 7
MIDDLE = 3
FRAMES_PER_SECOND = 24
GOLDEN = 0.6180339887498949

# name -> ((format folder, width, height, share), ...): the default categories and distributions.
CATEGORIES = {
    "general": (("Patches", 540, 540, 0.45), ("Medium169", 720, 405, 0.35), ("Large", 720, 720, 0.2)),
    "space": (("Patches", 540, 540, 0.3), ("XLarge169", 1440, 810, 0.45), ("FullHD", 1920, 1080, 0.25)),
    "toon": (("Patches", 540, 540, 0.65), ("Medium169", 720, 405, 0.35)),
}

NAIVE_CHAIN = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=mobius,"
    "zscale=t=bt709:m=bt709,format=yuv420p,scale=1920:1080:flags=lanczos"
)


# ------------------------------------------------------------------------------------------ the samples


@dataclass(frozen=True)
class Sample:
    """One film of the benchmark."""

    name: str
    path: Path
    seconds: int

    def clip_times(self, clips: int) -> list[float]:
        """Middles of the clips, spread over the film like the program's own."""
        usable = self.seconds - 1
        return [0.5 + (k + 0.5) * GOLDEN % 1 * usable for k in range(clips)]


def ffmpeg() -> str:
    return os.environ.get("TUI_GEN_FFMPEG") or imageio_ffmpeg.get_ffmpeg_exe()


def sample_arguments(seconds: int, keyframe_distance: int) -> list[str]:
    """Arguments of ffmpeg that make a sample: a slow zoom, moving shapes and film-like grain."""
    x265 = {
        "keyint": keyframe_distance,
        "min-keyint": keyframe_distance,
        "scenecut": 0,
        "open-gop": 0,
        "bframes": 4,
        "b-pyramid": 1,
        "b-adapt": 0,
        "ref": 3,
        "vbv-maxrate": 60000,
        "vbv-bufsize": 110000,
        "hdr10": 1,
        "repeat-headers": 1,
        "chromaloc": 2,
        "max-cll": "1000,400",
        "master-display": "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
        "log-level": "error",
    }
    colour = "color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    # PQ codes of an ordinary scene: most of the picture below 100 nits, little above.
    levels = "lutyuv=y=28+val*0.42:u=128+(val-128)*0.3:v=128+(val-128)*0.3"
    picture = (
        "mandelbrot=s=960x540:r=24:start_scale=0.4:end_scale=0.002:end_pts=900,format=yuv420p[zoom];"
        "life=s=240x135:r=24:seed=1:ratio=0.3:mold=20:life_color=#e0c090:death_color=#402050:mold_color=#305060,"
        "scale=960:540:flags=bicubic,format=yuv420p[grown];"
        "[zoom][grown]blend=all_mode=average,scale=3840:2160:flags=bilinear[scene];"
        "testsrc2=s=640x360:r=24,format=yuv420p,scale=1280:720:flags=bilinear[shapes];"
        f"[scene][shapes]overlay=x=640+480*sin(t):y=400+300*cos(t/2),{levels},noise=alls=7:allf=t,"
        f"format=yuv420p10le,setparams={colour}:chroma_location=topleft[v]"
    )
    return [
        *("-filter_complex", picture, "-map", "[v]", "-t", str(seconds)),
        *("-c:v", "libx265", "-preset", "ultrafast", "-b:v", "55M"),
        *("-x265-params", ":".join(f"{key}={value}" for key, value in x265.items())),
        *("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"),
        *("-color_range", "tv", "-chroma_sample_location", "topleft", "-f", "matroska"),
    ]


def make_sample(cache: Path, seconds: int, keyframe_distance: int) -> Sample:
    arguments = sample_arguments(seconds, keyframe_distance)
    recipe = hashlib.sha256("\n".join(arguments).encode()).hexdigest()[:8]
    path = cache / f"uhd_hdr10_{seconds}s_key{keyframe_distance}_{recipe}.mkv"
    if not path.exists():
        print(f"making {path} ...", file=sys.stderr, flush=True)
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        command = [ffmpeg(), "-nostdin", "-hide_banner", "-loglevel", "warning", "-y", *arguments]
        subprocess.run([*command, f"file:{unfinished}"], check=True, stdin=subprocess.DEVNULL)
        unfinished.rename(path)
    return Sample(f"keyframe every {keyframe_distance}", path, seconds)


# --------------------------------------------------------------------------------------- the approaches


def naive(sample: Sample, clips: int, output: Path) -> None:
    """One ffmpeg per clip, seven PNG through a temporary folder, one clip after the other."""
    draw = random.Random(0)
    for k, seconds in enumerate(sample.clip_times(clips)):
        with tempfile.TemporaryDirectory(dir=output) as temporary:
            start = seconds - MIDDLE / FRAMES_PER_SECOND
            command = [ffmpeg(), "-nostdin", "-loglevel", "error", "-ss", f"{start:.3f}"]
            command += ["-i", f"file:{sample.path}", "-frames:v", str(FRAMES), "-vf", NAIVE_CHAIN]
            subprocess.run([*command, f"{temporary}/frame_%d.png"], check=True, stdin=subprocess.DEVNULL)
            frames = [
                cv2.imdecode(np.fromfile(Path(temporary) / f"frame_{n}.png", np.uint8), cv2.IMREAD_COLOR)
                for n in range(1, FRAMES + 1)
            ]
        for category, formats in CATEGORIES.items():
            folder, width, height, _ = draw.choices(formats, [share for *_, share in formats])[0]
            x, y = draw.randint(0, 1920 - width), draw.randint(0, 1080 - height)
            crops = [np.asarray(frame)[y : y + height, x : x + width] for frame in frames]
            small = [
                cv2.resize(crop, (width // 3, height // 3), interpolation=cv2.INTER_LANCZOS4)
                for crop in crops
            ]
            patch = {"GT": crops[MIDDLE], "LR": np.vstack(small[1:6]), "LR_7frames": np.vstack(small)}
            for kind, image in patch.items():
                path = output / category / folder / kind / f"patch_sample_idx{k:04d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(cv2.imencode(".png", image)[1].tobytes())


def this_program(sample: Sample, clips: int, output: Path) -> None:
    """`tui-gen run` on a configuration with this one film, all categories and the same chroma."""
    config = output.parent / f"{output.name}.json"
    config.write_text(
        json.dumps(
            {
                "base_settings": {
                    "base_frame_limit": clips,
                    "max_workers": os.cpu_count(),
                    "output_base_dir": str(output),
                    "min_free_gb": 0,
                },
                "chroma": "420",
                "videos": [
                    {
                        "name": "sample",
                        "path": str(sample.path),
                        "categories": {"general": 0.4, "space": 0.3, "toon": 0.3},
                    }
                ],
            }
        )
    )
    command = [sys.executable, "-m", "tui_gen", "run", str(config), "--limit", str(clips)]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        message = (
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
        raise RuntimeError(message)


APPROACHES: dict[str, Callable[[Sample, int, Path], None]] = {
    "naive": naive,
    "this program": this_program,
}


# ---------------------------------------------------------------------------------------- the measuring


@dataclass(frozen=True)
class Cost:
    """What one approach took for one sample."""

    cpu_seconds: float
    wall_seconds: float
    patches: int


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(approach: str, sample: Sample, clips: int, scratch: Path) -> Cost:
    output = scratch / "output"
    output.mkdir()
    # Whoever comes first would otherwise read from the disk for all.
    with sample.path.open("rb") as film:
        while film.read(1 << 24):
            pass
    cpu_before, wall_before = cpu_seconds(), time.monotonic()
    APPROACHES[approach](sample, clips, output)
    wall, cpu = time.monotonic() - wall_before, cpu_seconds() - cpu_before
    patches = len([path for path in output.rglob("*.png") if path.parent.name == "GT"])
    shutil.rmtree(output)
    return Cost(cpu / clips, wall / clips, patches)


def print_table(costs: dict[tuple[str, str], Cost], clips: int) -> None:
    print(f"{'sample':<20} {'approach':<14} {'CPU s/clip':>10} {'wall s/clip':>11}     CPU    wall  patches")
    for (sample, approach), cost in costs.items():
        ratios = ["", ""]
        if (base := costs.get((sample, "naive"))) is not None:
            ratios = [
                f"{base.cpu_seconds / cost.cpu_seconds:.2f}x",
                f"{base.wall_seconds / cost.wall_seconds:.2f}x",
            ]
        complete = "" if cost.patches == clips * len(CATEGORIES) else f" of {clips * len(CATEGORIES)}"
        print(
            f"{sample:<20} {approach:<14} {cost.cpu_seconds:>10.2f} {cost.wall_seconds:>11.2f}"
            f" {ratios[0]:>7} {ratios[1]:>7}  {cost.patches}{complete}"
        )
    print("Ratios say how many times less than the naive approach.")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=30, help="length of the samples")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "tui-gen-bench")
    parser.add_argument("--only", choices=APPROACHES, help="measure one approach")
    parser.add_argument("--make-only", action="store_true", help="make the samples and stop")
    options = parser.parse_args()
    samples = [make_sample(options.cache, options.seconds, distance) for distance in (24, 240)]
    if options.make_only:
        return 0
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} CPUs, load {load}, Python {platform.python_version()}, OpenCV {cv2.__version__}")
    for sample in samples:
        megabits = sample.path.stat().st_size * 8 / sample.seconds / 1e6
        print(f"{sample.name}: {sample.seconds} s, {megabits:.0f} Mbit/s, {sample.path}")
    costs: dict[tuple[str, str], Cost] = {}
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tui-gen-bench-") as scratch:
        for sample in samples:
            for approach in [options.only] if options.only else APPROACHES:
                place = Path(scratch) / f"{len(costs) + len(failures)}"
                place.mkdir()
                try:
                    costs[sample.name, approach] = measure(approach, sample, options.clips, place)
                except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                    failures.append(f"{sample.name}, {approach}: {error}")
    print_table(costs, options.clips)
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
