"""CPU that degraded variants of LR cost a patch, beside what the same patch costs without any.

    python benchmarks/variant_cost.py [--rounds 5]

The clip is drawn by ffmpeg with grain. Each round makes the patch without variants and with each one; the
figures are medians of threads and children together. Reading and writing are not in them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from tui_gen.engine.model.work import Unusable
from tui_gen.jobs.superres.config.defaults import BUILT_IN_FORMATS
from tui_gen.jobs.superres.config.settings import Settings
from tui_gen.jobs.superres.degradation.presets import PRESET_STEPS
from tui_gen.jobs.superres.degradation.variants import Blur, Codec, Jpeg, Noise, Resize, Variant, Video
from tui_gen.jobs.superres.extraction.degrading import cutting_seconds
from tui_gen.jobs.superres.media import ClipFrames, Ffmpeg, find_ffmpeg, probe, read_clips
from tui_gen.jobs.superres.units import ClipTask, Cut, Probe, Stretch
from tui_gen.media.film_facts import SurveyFacts
from tui_gen.media.geometry import Region, Size, whole

FRAME = Size(1920, 1080)
PLAIN = "(no variant)"


def codec(name: Codec, control: str, value: int) -> Variant:
    step = Video((name,), "crf" if control == "crf" else "q", (value, value))
    return Variant(name, "lr", (step,))


VARIANTS = (
    codec("libx264", "crf", 28),
    codec("libx265", "crf", 28),
    codec("libvpx-vp9", "crf", 36),
    codec("mpeg2video", "q", 8),
    codec("mpeg4", "q", 8),
    Variant("jpeg", "lr", (Jpeg((60, 60)),)),
    Variant("blur", "lr", (Blur((1.5, 1.5), (21, 21)),)),
    Variant("noise", "lr", (Noise((10.0, 10.0)),)),
    Variant("poisson", "lr", (Noise(poisson=(1.0, 1.0)),)),
    Variant("resize", "lr", (Resize((0.7, 0.7)),)),
    Variant("realesrgan", "gt", PRESET_STEPS["realesrgan"]),
    Variant("realbasicvsr", "gt", PRESET_STEPS["realbasicvsr"]),
)


def draw(ffmpeg: Ffmpeg, film: Path) -> None:
    graph = f"mandelbrot=s={FRAME}:r=24:end_pts=400,trim=duration=1,noise=alls=8:allf=t:all_seed=3"
    tags = ",setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
    begin = [ffmpeg.path, "-v", "error", "-y", "-f", "lavfi", "-i", graph + tags]
    subprocess.run([*begin, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", str(film)], check=True)


async def clip_of(ffmpeg: Ffmpeg, film: Path, settings: Settings) -> tuple[Stretch, ClipFrames]:
    facts = await probe(Probe("v", str(film), settings).file, least_frames=settings.frames, ffmpeg=ffmpeg)
    if isinstance(facts, Unusable):
        raise TypeError(facts)
    form = BUILT_IN_FORMATS["small_540"]
    region = Region(96, 96, form.gt.width, form.gt.height)
    cuts = (Cut("c", "C", form, FRAME, region, whole(FRAME), "x"),)
    survey = SurveyFacts(whole(FRAME), 0, is_interlaced=False)
    tasks = (ClipTask(0, (0.5,), cuts),)
    stretch = Stretch("v", str(film), "v", settings, facts, survey, None, tasks)
    async for report in read_clips(stretch, ffmpeg=ffmpeg, threads=1):
        if isinstance(report, ClipFrames):
            return stretch, report
    message = "the clip could not be read"
    raise RuntimeError(message)


async def measure(rounds: int, ffmpeg: Ffmpeg, film: Path) -> None:
    settings = Settings(Path("c"), Path("out"), (), {}, nice=0)
    stretch, clip = await clip_of(ffmpeg, film, settings)
    seconds: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        for variant in (None, *VARIANTS):
            chosen = replace(settings, seed=number, lr_variants=() if variant is None else (variant,))
            unit = replace(stretch, settings=chosen)
            spent = await cutting_seconds(unit, unit.tasks[0], clip, ffmpeg=ffmpeg)
            if spent is not None:
                seconds[PLAIN if variant is None else variant.name].append(spent)
    plain = statistics.median(seconds[PLAIN])
    print(f"small_540, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for name, values in seconds.items():
        middle = statistics.median(values)
        print(f"{name:14} {1000 * middle:7.0f} ms CPU a patch, {middle / plain:5.2f} times")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds, ffmpeg = parser.parse_args().rounds, find_ffmpeg(None, os.environ)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder, "film.mkv")
        draw(ffmpeg, film)
        asyncio.run(measure(rounds, ffmpeg, film))


if __name__ == "__main__":
    main()
