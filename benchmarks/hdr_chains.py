"""What `"hdr": "fast"` costs and changes: its pictures against those of the exact chain, film by film.

    python benchmarks/hdr_chains.py [FILM ...] [--places 3]

Without films: the HDR films of the demo, made in a temporary folder; the first sample of clip_cost.py
where it was made before; and the PQ and HLG films in $TUI_GEN_TEST_MEDIA. Seven frames at each of a few
places are decoded once; both chains then turn the same raw frames into half the size. Nothing is asserted.

PSNR is taken over all pixels and channels of 8-bit RGB. CPU seconds are those of the ffmpeg that
converts, reading and writing pipes included, decoding not.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.clip_shape import USUAL_CLIP
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.demo import make_demo
from tui_gen.jobs.superres.media import SourceMissingError, probe
from tui_gen.jobs.superres.units import PROBED_FRAMES, Probe
from tui_gen.media.colour import Chroma, Rendering, colour_chain
from tui_gen.media.ffmpeg import Ffmpeg, find_ffmpeg
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Size

SETTINGS = Settings(config_path=Path("/-"), output=Path("/-"), videos=(), categories={}, nice=0)
CHROMAS: tuple[Chroma, ...] = ("420", "444")
CACHE = Path.home() / ".cache" / "tui-gen-bench"
SUFFIXES = {".mkv", ".mp4", ".mov", ".webm", ".ts", ".hevc", ".h265"}

Frames = NDArray[np.uint8]


@dataclass(frozen=True)
class Film:
    """One film, and half its size."""

    path: Path
    facts: ProbeFacts

    @property
    def half(self) -> Size:
        """Both sides even."""
        return Size(self.facts.upright.width // 4 * 2, self.facts.upright.height // 4 * 2)


def hdr_films(ffmpeg: Ffmpeg, paths: list[Path]) -> Iterator[Film]:
    for path in paths:
        try:
            facts = asyncio.run(
                probe(Probe("-", str(path), SETTINGS).file, least_frames=PROBED_FRAMES, ffmpeg=ffmpeg)
            )
        except SourceMissingError:
            sys.exit(f"there is no {path}")
        if not isinstance(facts, Unusable) and facts.hdr_class != "sdr":
            yield Film(path, facts)


def raw_frames(ffmpeg: Ffmpeg, film: Film, place: float) -> bytes:
    seek = place * film.facts.duration_seconds
    command = [ffmpeg.path, "-nostdin", "-v", "error", *(["-ss", f"{seek:.3f}"] if seek else [])]
    command += [
        "-i",
        f"file:{film.path}",
        "-map",
        "0:V:0",
        "-frames:v",
        str(USUAL_CLIP.frames),
        "-f",
        "rawvideo",
    ]
    return subprocess.run([*command, "-"], check=True, capture_output=True).stdout


def converted(ffmpeg: Ffmpeg, film: Film, raw: bytes, how: Rendering) -> tuple[Frames, float]:
    """Return (BGR frames, CPU seconds)."""
    size, chain = film.half, colour_chain(film.facts, how, frame=film.half)
    source = ["-f", "rawvideo", "-pixel_format", film.facts.colour.pixel_format]
    source += ["-video_size", str(film.facts.upright), "-i", "pipe:0"]
    command = [ffmpeg.path, "-v", "error", "-filter_threads", "1", "-threads", "1", *source, "-vf", chain]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"], input=raw, check=True, stdout=subprocess.PIPE
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, size.height, size.width, 3), seconds


def compare(ffmpeg: Ffmpeg, film: Film, places: int) -> None:
    squares, cpu, frames = dict.fromkeys(CHROMAS, 0.0), {"exact": 0.0, "fast": 0.0}, 0
    for number in range(places):
        raw = raw_frames(ffmpeg, film, number / places)
        for chroma in CHROMAS:
            exact, exact_seconds = converted(ffmpeg, film, raw, Rendering(chroma, "exact"))
            fast, fast_seconds = converted(ffmpeg, film, raw, Rendering(chroma, "fast"))
            squares[chroma] += float(np.square(exact.astype(np.float32) - fast).sum(dtype=np.float64))
            cpu["exact"] += exact_seconds
            cpu["fast"] += fast_seconds
            frames += len(exact)
    values = frames / len(CHROMAS) * film.half.width * film.half.height * 3
    peak = 255.0**2
    psnr = [10 * np.log10(peak * values / squares[c]) if squares[c] else np.inf for c in CHROMAS]
    exact_ms, fast_ms = (1000 * cpu[chain] / frames for chain in ("exact", "fast"))
    name = f"{film.path.parent.name}/{film.path.name}"
    print(
        f"{name:<62} {film.facts.hdr_class:<4} {film.facts.upright!s:>9} {psnr[0]:>7.1f} {psnr[1]:>7.1f}"
        f" {exact_ms:>9.0f} {fast_ms:>9.0f} {exact_ms / fast_ms:>5.1f}x",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("films", nargs="*", type=Path)
    parser.add_argument("--places", type=int, default=3)
    options = parser.parse_args()
    ffmpeg = find_ffmpeg(None, os.environ)
    print(f"ffmpeg {ffmpeg.version}; dB: fast against exact; ms: CPU time per frame")
    print(f"{'film':<62} {'':<4} {'stored':>9} {'dB 420':>7} {'dB 444':>7} {'ms exact':>9} {'ms fast':>9}")
    with tempfile.TemporaryDirectory(prefix="tui-gen-bench-") as scratch:
        paths = list(options.films)
        if not paths:
            make_demo(Path(scratch), ffmpeg=ffmpeg.path, say=lambda line: print(line, file=sys.stderr))
            media = Path(os.environ.get("TUI_GEN_TEST_MEDIA", scratch))
            found = sorted({*Path(scratch).rglob("*"), *media.rglob("*")})
            paths = [path for path in found if path.suffix.lower() in SUFFIXES]
            paths = sorted(CACHE.glob("uhd_hdr10_*_key24_*.mkv")) + paths
        for film in hdr_films(ffmpeg, paths):
            compare(ffmpeg, film, options.places)


if __name__ == "__main__":
    main()
