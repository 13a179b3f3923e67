"""What `"hdr": "fast"` costs and changes: its pictures against those of the exact chain, film by film.

    python benchmarks/hdr_chains.py [FILM ...] [--places 3]

Without films: the HDR films of the demo, made in a temporary folder; the first sample of clip_cost.py
where it was made before; and the PQ and HLG films in $TUI_GEN_TEST_MEDIA. Seven frames at each of a few
places are decoded once; both chains then turn the same raw frames into half the size. Nothing is asserted.
A film whose samples the kernel does not take is named, and left out.

PSNR, the largest difference, and the share of differences above 4 are taken over all pixels and channels
of 8-bit RGB. CPU seconds are those of the ffmpeg that converts or scales, reading and writing pipes included,
decoding not, and of the kernel, which is compiled before.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
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
from tui_gen.media.colour import Chroma, Rendering, colour_chain, tail_filters, tone_mapped_tags
from tui_gen.media.decoding.planes import planes_of
from tui_gen.media.ffmpeg import Ffmpeg, find_ffmpeg
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Size, whole
from tui_gen.media.tone_mapping.kernel import ToneMapper
from tui_gen.media.tone_mapping.mapping import tone_mapping_of

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


@dataclass(frozen=True)
class Raw:
    """Frames of one format and size, one behind another."""

    pixel_format: str
    size: Size
    frames: bytes


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


def converted(ffmpeg: Ffmpeg, raw: Raw, chain: str, to: Size) -> tuple[Frames, float]:
    """Return (BGR frames of the size `to`, CPU seconds)."""
    source = ["-f", "rawvideo", "-pixel_format", raw.pixel_format, "-video_size", str(raw.size)]
    source += ["-i", "pipe:0"]
    command = [ffmpeg.path, "-v", "error", "-filter_threads", "1", "-threads", "1", *source, "-vf", chain]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"],
        input=raw.frames,
        check=True,
        stdout=subprocess.PIPE,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, to.height, to.width, 3), seconds


def tone_mapped(film: Film, raw: bytes, mapper: ToneMapper) -> tuple[bytes, float]:
    """Return (YUV frames as the kernel makes them, CPU seconds)."""
    size = film.facts.upright
    layout = planes_of(film.facts.colour.pixel_format, size)
    assert layout is not None, "the kernel takes planar formats only"  # noqa: S101
    samples, frame_bytes, seconds = np.frombuffer(raw, np.uint8), layout.size_bytes(size), 0.0
    results = []
    for frame in samples.reshape(-1, frame_bytes):
        planes, begin = [], 0
        for (rows, columns), kept in zip(
            layout.parts(whole(size)), layout.parts(whole(size.even())), strict=True
        ):
            end = begin + rows.stop * columns.stop
            planes.append(frame[begin:end].reshape(rows.stop, columns.stop)[kept].view("<u2"))
            begin = end
        started = time.process_time()
        result = mapper(planes)
        seconds += time.process_time() - started
        results += [plane.tobytes() for plane in result]
    return b"".join(results), seconds


def compare(ffmpeg: Ffmpeg, film: Film, places: int) -> None:
    name, size = f"{film.path.parent.name}/{film.path.name}", film.facts.upright
    squares, cpu, frames = dict.fromkeys(CHROMAS, 0.0), {"exact": 0.0, "kernel": 0.0, "scale": 0.0}, 0
    largest, above = 0, 0
    raws = [raw_frames(ffmpeg, film, number / places) for number in range(places)]
    for chroma in CHROMAS:
        how = Rendering(chroma, "exact")
        mapping = tone_mapping_of(film.facts, how)
        if mapping is None:
            print(f"{name:<62} is left to the exact chain", flush=True)
            return
        mapper = ToneMapper(mapping, size.even())
        exact_chain = colour_chain(film.facts, how, frame=film.half)
        tail = tail_filters(film.facts, how, frame=film.half)
        scale = f"{tone_mapped_tags(film.facts)},{tail}"
        for raw in filter(None, raws):
            source = Raw(film.facts.colour.pixel_format, size, raw)
            exact, seconds = converted(ffmpeg, source, exact_chain, film.half)
            cpu["exact"] += seconds
            yuv, seconds = tone_mapped(film, raw, mapper)
            cpu["kernel"] += seconds
            fast, seconds = converted(ffmpeg, Raw(f"yuv{chroma}p", size.even(), yuv), scale, film.half)
            cpu["scale"] += seconds
            for one, other in zip(exact, fast, strict=True):
                difference = np.abs(one.astype(np.int16) - other)
                squares[chroma] += float(np.square(difference, dtype=np.float64).sum())
                largest = max(largest, int(difference.max()))
                above += int((difference > 4).sum())
            frames += len(exact)
    values = frames / len(CHROMAS) * film.half.width * film.half.height * 3
    psnr = [10 * np.log10(255.0**2 * values / squares[c]) if squares[c] else np.inf for c in CHROMAS]
    exact_ms, kernel_ms, scale_ms = (1000 * cpu[part] / frames for part in ("exact", "kernel", "scale"))
    print(
        f"{name:<62} {film.facts.hdr_class:<4} {size!s:>9} {psnr[0]:>7.1f} {psnr[1]:>7.1f} {largest:>4}"
        f" {100 * above / values / len(CHROMAS):>8.4f} {exact_ms:>9.1f} {kernel_ms:>10.1f} {scale_ms:>9.1f}"
        f" {(kernel_ms + scale_ms) / exact_ms:>6.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("films", nargs="*", type=Path)
    parser.add_argument("--places", type=int, default=3)
    options = parser.parse_args()
    ffmpeg = find_ffmpeg(None, os.environ)
    print(f"ffmpeg {ffmpeg.version}; dB: fast against exact; ms: CPU time per frame")
    print(
        f"{'film':<62} {'':<4} {'stored':>9} {'dB 420':>7} {'dB 444':>7} {'most':>4} {'% over 4':>8}"
        f" {'ms exact':>9} {'ms kernel':>10} {'ms scale':>9} {'ratio':>6}"
    )
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
