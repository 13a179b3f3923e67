"""The memory of a worker by the length of its clips, beside the estimate that a run begins with.

    python benchmarks/long_clips.py [--clips 2]

Makes a film of 20 seconds in 1920x1080, runs the program on it with one worker for each format and length,
and prints the most memory of all its processes; what a process shares with others is counted once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import imageio_ffmpeg
import psutil

from benchmarks.clip_scaling import memory_bytes
from tui_gen.jobs.superres.config.load import load_settings
from tui_gen.jobs.superres.planning.worker_memory import worker_bytes

SAMPLE_SECONDS = 0.25
CASES = (
    ("small_540", 7, 1),
    ("small_540", 100, 1),
    ("small_540", 100, 100),
    ("fullhd_1920", 100, 1),
    ("fullhd_1920", 100, 100),
)
"""Format, frames and frames of GT."""


def make_film(path: Path) -> None:
    graph = "testsrc2=s=1920x1080:r=24:d=20,noise=alls=6:allf=t"
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "48")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", "-f", "lavfi"]
    subprocess.run([*command, "-i", graph, *coding, str(path)], check=True)


def configuration(folder: Path, film: Path, case: tuple[str, int, int], clips: int) -> Path:
    name, frames, gt_frames = case
    settings = {
        "base_settings": {
            "base_frame_limit": clips,
            "max_workers": 1,
            "output_base_dir": str(folder / "output"),
            "min_free_gb": 0,
            "frames": frames,
        },
        "gt_frames": gt_frames,
        "format_config": {"general": {name: 1.0}},
        "videos": [{"name": "film", "path": str(film), "categories": {"general": 1.0}}],
    }
    path = folder / "config.json"
    path.write_text(json.dumps(settings))
    return path


def peak_bytes(config: Path) -> int:
    command = [sys.executable, "-m", "tui_gen", "run", str(config)]
    child = psutil.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    peak = 0
    while True:
        peak = max(peak, sum(map(memory_bytes, [child, *child.children(recursive=True)])))
        try:
            code = child.wait(SAMPLE_SECONDS)
        except psutil.TimeoutExpired:
            continue
        if code:
            raise subprocess.CalledProcessError(code, command)
        return peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=2)
    clips = parser.parse_args().clips
    with tempfile.TemporaryDirectory() as above:
        film = Path(above, "film.mkv")
        make_film(film)
        print(f"{'format':12} {'frames':>6} {'of GT':>6} {'most memory':>12} {'estimate':>10}")
        for number, case in enumerate(CASES):
            folder = Path(above, str(number))
            folder.mkdir()
            config = configuration(folder, film, case, clips)
            peak, estimate = peak_bytes(config), worker_bytes(load_settings(config))
            print(
                f"{case[0]:12} {case[1]:6} {case[2]:6} {peak / 1e6:9.0f} MB {estimate / 1e6:7.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
