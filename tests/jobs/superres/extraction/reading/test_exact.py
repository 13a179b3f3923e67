"""HDR10 at 3840x2160 is, byte for byte, what the same ffmpeg gives by hand.

On 5.1 that is also what the chain gives as it was first written, with nothing pinned. The other place of the
chroma samples is shown by tests/acceptance/test_exact.py.
"""

import asyncio
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.jobs.superres.sample_films import (
    HDR10_TAGS,
    SETTINGS,
    clips_of,
    probed,
    read_all,
    run_ffmpeg,
    stretch_of,
    task,
)
from tui_gen.jobs.superres.media import ClipFrames, Ffmpeg
from tui_gen.media.film_facts import ProbeFacts
from tui_gen.media.geometry import Size

HD, SCOPE = Size(1920, 1080), Size(1280, 720)
FRAMES = 9
FIRST = 1  # of the clip at the middle of the film
PINNED = (
    "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv,"
    "zscale=tin=smpte2084:min=bt2020nc:pin=bt2020:rin=tv:cin=topleft:t=linear:npl=100,format=gbrpf32le,"
    "zscale=p=bt709,setparams=colorspace=bt2020nc,tonemap=tonemap=mobius:peak=10,"
    "zscale=t=bt709:m=bt709:c=topleft,format=yuv444p,scale={width}:{height}:flags=lanczos"
)
UNPINNED = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=mobius,zscale=t=bt709:m=bt709,"
    "format=yuv420p,scale={width}:{height}:flags=lanczos"
)


@pytest.fixture(scope="module")
def film(embedded_ffmpeg: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("uhd") / "topleft.mkv"
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)"
    options = (
        "log-level=error:hdr10=1:repeat-headers=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:"
        f"range=limited:chromaloc=2:master-display={display}:max-cll=1000,400:keyint=5"
    )
    source = f"testsrc2=s=3840x2160:r=24:d={FRAMES / 24},format=yuv420p10le"
    coding = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", options, *HDR10_TAGS]
    run_ffmpeg(embedded_ffmpeg, "-f", "lavfi", "-i", source, *coding, str(path))
    return path


def read_middle(ffmpeg: Ffmpeg, path: Path, chroma: str, *sizes: Size) -> tuple[ClipFrames, ProbeFacts]:
    async def read() -> tuple[ClipFrames, ProbeFacts]:
        facts = await probed(ffmpeg, path)
        settings = replace(SETTINGS, chroma="444" if chroma == "444" else "420")
        stretch = stretch_of(path, facts, [task(0, [(FIRST + 3) / 24], *sizes)], settings=settings)
        reports = await read_all(ffmpeg, stretch)
        clips = clips_of(reports)
        assert clips, reports
        return clips[0], facts

    return asyncio.run(read())


def by_hand(program: str, path: Path, chain: str, size: Size) -> NDArray[np.uint8]:
    chain = chain.format(width=size.width, height=size.height)
    output = ["-vf", chain, "-f", "rawvideo", "-pix_fmt", "bgr24", "-frames:v", str(FIRST + 7), "-"]
    raw = run_ffmpeg(program, "-filter_threads", "1", "-i", str(path), *output)
    return np.frombuffer(raw, np.uint8).reshape(-1, size.height, size.width, 3)[FIRST:]


def test_frames_equal_the_pinned_chain_run_by_hand(film: Path, embedded_ffmpeg: str) -> None:
    clip, facts = read_middle(Ffmpeg(embedded_ffmpeg, "9"), film, "444", HD, SCOPE)
    assert facts.colour.chroma_location == "topleft"
    assert (facts.colour.max_cll_nits, facts.colour.mastering_max_nits) == (1000.0, 4000.0)
    for size in (HD, SCOPE):
        assert np.array_equal(clip.frames[size], by_hand(embedded_ffmpeg, film, PINNED, size))


@pytest.mark.soak
def test_on_5_1_frames_equal_the_chain_as_first_written(film: Path) -> None:
    program = os.environ.get("TUI_GEN_FFMPEG", "/usr/bin/ffmpeg")
    if not Path(program).exists():
        pytest.skip(f"there is no ffmpeg 5.1 at {program}")
    version = subprocess.run([program, "-version"], capture_output=True, check=True, text=True).stdout
    if not re.match(r"ffmpeg version n?5\.1", version):
        pytest.skip(f"{program} is not 5.1")
    clip, facts = read_middle(Ffmpeg(program, "5.1"), film, "420", HD)
    assert facts.colour.chroma_location == "topleft"
    assert np.array_equal(clip.frames[HD], by_hand(program, film, UNPINNED, HD))
